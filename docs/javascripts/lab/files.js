// Fetching what the engine needs, with its size known beforehand, progress, and sentences for what goes wrong.

export class Trouble extends Error {} // its message is one sentence for the reader

/** What went wrong, in a sentence for the reader. */
export function sentence(error) {
  if (error instanceof Trouble) return error.message;
  const said = String(error?.message ?? error);
  if (error instanceof RangeError || /memory|alloc|RangeError/i.test(said)) return "This device has not enough free memory for the model. Close other pages and load it again.";
  return `The model could not be run here (${said.split("\n")[0].slice(0, 160)}).`;
}

/** Bytes of a file as it lies on the server, or null if nobody says. */
async function sizeOf(url) {
  const answer = await fetch(url, { method: "HEAD" }).catch(() => null);
  const told = Number(answer?.ok && !answer.headers.get("content-encoding") && answer.headers.get("content-length"));
  return told || null;
}

/** Sizes in bytes of `urls`, Map url -> {bytes, line: what a host sends of it, squeezed where it does that}, or null: from the
 *  site's own list of files where there is one. */
export async function sizes(urls, root) {
  const found = new Map(), plain = (bytes) => bytes && { bytes, line: bytes };
  try {
    const answer = await fetch(new URL("offline.json", root));
    for (const [path, , bytes, , line = bytes] of answer.ok ? (await answer.json()).files : []) found.set(new URL(path, root).href, { bytes, line });
  } catch { /* asked one by one below */ }
  return new Map(await Promise.all(urls.map(async (url) => [url, found.get(url) ?? plain(await sizeOf(url))])));
}

/** The bytes of one file. `report(n)` is told of each n bytes that have arrived. Throws Trouble. */
export async function bytesOf(url, report = () => {}, signal = undefined) {
  let answer;
  try {
    answer = await fetch(url, { signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Trouble("The download did not begin: there is no connection to the site. What has arrived is kept; try again.");
  }
  if (!answer.ok) throw new Trouble(`The site answered ${answer.status} for ${new URL(url).pathname.split("/").pop()}; try again later.`);
  const parts = [];
  let length = 0;
  try {
    const reader = answer.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      length += part.value.length;
      report(part.value.length);
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Trouble("The connection broke in mid-download. Whole files that have arrived are kept; try again.");
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}
