// Grey levels and mask of one slice into pixels. Plain functions on typed arrays.

const LOWEST = -32768;
// Labels 1, 2, 3 …: red, green, blue parts that stand out on grey and differ in brightness as well.
const COLOURS = [[0, 190, 210], [255, 170, 0], [230, 80, 160], [150, 220, 60], [130, 140, 255], [255, 110, 80]];

/**
 * Grey level 0 to 255 of every int16 value for a window (DICOM PS3.3 C.11.2.1.2.1, linear).
 * @param {GreyWindow} window
 */
export function greyTable({ centre, width }, inverted = false) {
  const table = new Uint8Array(65536);
  const low = centre - 0.5 - (width - 1) / 2;
  const span = Math.max(1, width - 1);
  for (let n = 0; n < 65536; n++) {
    const grey = Math.max(0, Math.min(255, ((n + LOWEST - low) / span) * 255));
    table[n] = inverted ? 255 - grey : grey;
  }
  return table;
}

/**
 * Writes slice `k` into `pixels` (Uint32 RGBA, little-endian), the mask mixed in with `opacity` 0 to 1.
 * @param {Uint32Array} pixels
 * @param {Pick<Volume, "shape" | "values">} volume
 * @param {number} k
 * @param {Uint8Array} table
 * @param {Uint8Array | null} [mask]
 */
export function paintSlice(pixels, volume, k, table, mask = null, opacity = 0) {
  const size = volume.shape[1] * volume.shape[2];
  const from = k * size;
  const { values } = volume;
  for (let n = 0; n < size; n++) {
    const grey = table[values[from + n] - LOWEST];
    pixels[n] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  if (!mask || opacity <= 0) return;
  for (let n = 0; n < size; n++) {
    const label = mask[from + n];
    if (!label) continue;
    const [red, green, blue] = COLOURS[(label - 1) % COLOURS.length];
    const grey = pixels[n] & 0xff;
    const mix = (/** @type {number} */ colour) => Math.round(grey * (1 - opacity) + colour * opacity);
    pixels[n] = (0xff000000 | (mix(blue) << 16) | (mix(green) << 8) | mix(red)) >>> 0;
  }
}

/**
 * The window that shows everything between the least and the greatest value.
 * @param {Int16Array} values
 * @returns {GreyWindow}
 */
export function fullWindow(values) {
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return { centre: (least + greatest) / 2, width: Math.max(1, greatest - least) };
}
