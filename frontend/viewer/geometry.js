// Where things are: letters at the edges, sizes in millimetres, the voxel under the pointer. Plain functions.

/** @type {Record<string, string>} */
const OPPOSITE = { L: "R", R: "L", A: "P", P: "A", S: "I", I: "S" };

/**
 * Letters at the edges of a slice shown with j down and i to the right. `orientation` holds, for growing k, j, i, the side
 * of the patient that the index goes to ("S,P,L"). Null when it is not known: no letter is better than a wrong one.
 * @param {string | null | undefined} orientation
 */
export function edgeLetters(orientation) {
  const [, down, right] = String(orientation ?? "").split(",").map((letter) => letter.trim());
  if (!(down in OPPOSITE) || !(right in OPPOSITE)) return null;
  return { left: OPPOSITE[right], right, top: OPPOSITE[down], bottom: down };
}

/**
 * Scale (screen pixels a voxel, along i and j) and offset that show a whole slice, true to its millimetres, in the middle.
 * @param {Geometry} geometry
 * @param {number} width
 * @param {number} height
 * @returns {Frame}
 */
export function fit({ shape, spacing }, width, height) {
  const [, rows, columns] = shape;
  const [, rowSpacing, columnSpacing] = spacing;
  const scale = Math.min(width / (columns * columnSpacing), height / (rows * rowSpacing));
  const [x, y] = [columnSpacing * scale, rowSpacing * scale];
  return { x, y, left: (width - columns * x) / 2, top: (height - rows * y) / 2 };
}

/**
 * The frame after zooming by `factor` about a screen point, and moving by (dx, dy).
 * @param {Frame} frame
 * @param {number} factor
 * @param {Point} about
 * @returns {Frame}
 */
export function zoomed(frame, factor, about, dx = 0, dy = 0) {
  return {
    x: frame.x * factor,
    y: frame.y * factor,
    left: about.x - (about.x - frame.left) * factor + dx,
    top: about.y - (about.y - frame.top) * factor + dy,
  };
}

/**
 * [j, i] of the voxel under a screen point, or null outside the slice.
 * @param {Frame} frame
 * @param {Pick<Geometry, "shape">} geometry
 * @param {Point} point
 * @returns {[j: number, i: number] | null}
 */
export function voxelAt(frame, { shape }, point) {
  const i = Math.floor((point.x - frame.left) / frame.x);
  const j = Math.floor((point.y - frame.top) / frame.y);
  return j >= 0 && i >= 0 && j < shape[1] && i < shape[2] ? [j, i] : null;
}

/**
 * The slice of another stack at the same relative height: stacks of a patient need not have as many slices.
 * @param {number} k
 * @param {number} from slices of this stack
 * @param {number} to slices of the other
 */
export function sameHeight(k, from, to) {
  if (to <= 1 || from <= 1) return 0;
  return Math.round((k / (from - 1)) * (to - 1));
}
