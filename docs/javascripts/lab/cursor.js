// A cursor on a grid of cells, moved by arrow keys or a pointer: what all of the page's grids have in common.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const within = (value, count) => Math.min(count - 1, Math.max(0, value));

/** Moves `at`, which has an x and a y, by a cell if a key is an arrow; true if it was. */
export function steered(event, at, columns, rows = columns) {
  const move = ARROWS[event.key];
  if (!move) return false;
  event.preventDefault();
  [at.x, at.y] = [within(at.x + move[0], columns), within(at.y + move[1], rows)];
  return true;
}

/** {x, y} of the cell of `canvas` that a pointer is over, or nearest to. */
export function under(event, canvas, columns, rows = columns) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return { x: within(Math.floor(((event.clientX - left) / width) * columns), columns), y: within(Math.floor(((event.clientY - top) / height) * rows), rows) };
}

/** Lays a frame around a cell of what `mark` stands in. */
export function frame(mark, { x, y }, columns, rows = columns) {
  Object.assign(mark.style, { left: `${(100 * x) / columns}%`, top: `${(100 * y) / rows}%`, width: `${100 / columns}%`, height: `${100 / rows}%` });
}
