// What several widgets are built from.

/** element("input", { type: "radio", checked: true }, child...): attributes; true is an empty one, false and null none. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Calls `run` whenever the page changes its colours; returns what ends that. */
export function onColours(run) {
  let now = document.body.dataset.mdColorScheme;
  const watch = new MutationObserver(() => { // told also where the theme sets anew what is set
    if (now === document.body.dataset.mdColorScheme) return;
    now = document.body.dataset.mdColorScheme;
    run();
  });
  watch.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  return () => watch.disconnect();
}

/** The picture at an address, loaded, or an error that names the address. */
export function loadImage(src) {
  return new Promise((done, fail) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => fail(new Error(`${src} does not load`));
    image.src = src;
  });
}

/** A widget's data and the sheet of pictures beside it, `<base>.sheet.webp`; both or an error that names the address. */
export async function load(src, base) {
  const [answer, sheet] = await Promise.all([
    fetch(src),
    loadImage(new URL(`${base}.sheet.webp`, document.baseURI).href),
  ]);
  if (!answer.ok) throw new Error(`${src}: ${answer.status}`);
  return [await answer.json(), sheet];
}
