// Keeps the site readable without a network after the first visit. Own origin only, below its own folder only.
//
// The network always comes first, so nobody reads an old page while a new one is there; the cache answers when
// the network does not (or takes longer than PATIENCE). Only assets/vendor/ and the networks of the open box,
// which do not change between two versions without a new revision, are answered from the cache first.
const VERSION = "__VERSION__";
const BASE = new URL("./", self.location).href;
const PREFIX = `denoised:${new URL(BASE).pathname}:`;
const CACHE = PREFIX + VERSION;
const PATIENCE = 4000; // ms
const AT_ONCE = 4; // downloads at a time

const absolute = (path) => new URL(path, BASE).href;
const listOf = async () => (await (await fetchList()).json()).files;

async function fetchList() {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(absolute("offline.json"));
  if (kept) return kept;
  const fresh = await fetch(absolute("offline.json"), { cache: "no-cache" });
  if (!fresh.ok) throw new Error("offline.json is missing");
  await cache.put(absolute("offline.json"), fresh.clone());
  return fresh;
}

// A new version takes over what has not changed, so an update downloads only what is new.
async function inherit() {
  const now = new Map((await listOf()).map(([path, revision]) => [path, revision]));
  const cache = await caches.open(CACHE);
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX) || name === CACHE) continue;
    const old = await caches.open(name);
    const list = await old.match(absolute("offline.json"));
    if (!list) continue;
    for (const [path, revision] of (await list.json()).files) {
      if (now.get(path) !== revision) continue;
      const response = await old.match(absolute(path));
      if (response) await cache.put(absolute(path), response);
    }
  }
}

self.addEventListener("install", (event) => {
  event.waitUntil(inherit().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

const within = (url) => url.startsWith(BASE) && !url.endsWith("/sw.js");
const plain = (url) => url.split("#")[0].split("?")[0];

async function download(urls, report = () => {}) {
  const cache = await caches.open(CACHE);
  const queue = [...new Set(urls.map(plain))].filter(within);
  let done = 0, failed = 0;
  const total = queue.length;
  const worker = async () => {
    for (let url = queue.shift(); url; url = queue.shift()) {
      try {
        if (!(await cache.match(url))) {
          const response = await fetch(url);
          if (!response.ok) throw new Error(String(response.status));
          await cache.put(url, response);
        }
      } catch { failed += 1; }
      done += 1;
      report({ done, total, failed });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { done, total, failed };
}

// From javascripts/offline.js: {keep: [urls]} or {keep: "core" | "picture" | "heavy"} (each includes the ones before).
self.addEventListener("message", (event) => {
  const { keep } = event.data || {};
  const port = event.ports[0];
  if (!keep) return;
  event.waitUntil((async () => {
    let urls = keep;
    if (typeof keep === "string") {
      const kinds = { core: ["core"], picture: ["core", "picture"], heavy: ["core", "picture", "heavy"] }[keep] || [];
      urls = (await listOf()).filter(([, , , kind]) => kinds.includes(kind)).map(([path]) => absolute(path));
    }
    const result = await download(urls, (progress) => port?.postMessage(progress));
    port?.postMessage({ ...result, finished: true });
  })());
});

// Players ask for parts of a film: cut them out of the kept whole.
async function part(request, whole) {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") || "");
  if (!range) return whole;
  const data = await whole.arrayBuffer();
  const start = Number(range[1]);
  const end = Math.min(range[2] ? Number(range[2]) : data.byteLength - 1, data.byteLength - 1);
  if (start > end) return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${data.byteLength}` } });
  return new Response(data.slice(start, end + 1), {
    status: 206,
    headers: {
      "Content-Type": whole.headers.get("Content-Type") || "application/octet-stream",
      "Content-Range": `bytes ${start}-${end}/${data.byteLength}`,
      "Content-Length": String(end - start + 1),
      "Accept-Ranges": "bytes",
    },
  });
}

const APOLOGY = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Not kept · Denoised</title><style>body{font:1.1rem/1.6 Georgia,serif;max-width:32rem;margin:15vh auto;padding:0 1rem;
color-scheme:light dark}</style><h1>This page is not on your device yet</h1><p>You are offline, and this page was not opened
before. <a href="${BASE}">The front page</a> may be here.</p>`;

async function answer(request) {
  const cache = await caches.open(CACHE);
  const url = plain(request.url);
  const ranged = request.headers.has("range");
  const kept = async () => {
    const found = await cache.match(url) || await cache.match(url.endsWith("/") ? `${url}index.html` : `${url}/`);
    return found && ranged ? part(request, found) : found;
  };
  if (url.startsWith(absolute("assets/vendor/")) || url.endsWith(".onnx")) {
    const found = await kept();
    if (found) return found;
  }
  const network = fetch(request).then((response) => {
    if (response.status === 200 && response.type === "basic" && !ranged) cache.put(url, response.clone());
    return response;
  });
  const late = new Promise((resolve) => { setTimeout(() => resolve(kept()), PATIENCE); });
  try {
    return await Promise.race([network, late]) || await network;
  } catch (error) {
    const found = await kept();
    if (found) return found;
    if (request.mode === "navigate") {
      return new Response(APOLOGY, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
    }
    throw error;
  }
}

// A page that nothing of another origin can enter, and ours ask for nothing, may share memory between threads, so that the open
// box computes on several. Hosts of plain files don't send these headers, for the page or for the workers that it starts.
const ALONE = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

function alone(response) {
  if (response.type === "opaqueredirect" || response.type === "error") return response; // for the browser to follow
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ALONE)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !within(request.url)) return;
  const starts = request.mode === "navigate" || request.destination === "worker"; // a page, or a thread
  event.respondWith(starts ? answer(request).then(alone) : answer(request));
});
