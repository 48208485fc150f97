// A low-rank adapter put behind the bytes of a graph that it was made for (denoised/splice.py says how and why).

const RENAMED = "~".charCodeAt(0);

/** graph, adapter: Uint8Array; at: places in the graph's bytes where a name is changed by a letter. A new Uint8Array. */
export function splice(graph, adapter, at) {
  const together = new Uint8Array(graph.length + adapter.length);
  together.set(graph);
  together.set(adapter, graph.length);
  for (const place of at) together[place] = RENAMED;
  return together;
}
