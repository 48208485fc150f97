/** el("p", { className: "a", text: "b" }, child...) */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") node.textContent = value;
    else if (key in node && key !== "list" && key !== "role") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** Hands the reader a file. */
export function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Text to the clipboard; true if that was allowed. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A button says for a moment whether `done` worked. */
export async function told(node, done, text) {
  const name = node.dataset.name ??= node.textContent;
  node.textContent = await done ? text : "Not allowed here";
  setTimeout(() => { node.textContent = name; }, 2000);
}

export const signed = (value, digits = 2) => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(digits)}`;

/** Lets a page answer, or a worker hear, what has come meanwhile, before a long task goes on. */
export const breathe = () => new Promise((done) => { setTimeout(done, 0); });

/** Until what was put on the page is painted; where nothing is (a tab behind others), a moment. */
export const painted = () => new Promise((done) => { requestAnimationFrame(() => setTimeout(done, 0)); setTimeout(done, 200); });

/** `const next = pace()`, then `await next()` between pieces of work: it breathes where they have taken `ms` together. */
export function pace(ms = 8) {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < ms) return;
    await breathe();
    since = performance.now();
  };
}
