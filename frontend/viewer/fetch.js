// A volume prepared by the server: raw little-endian int16, shape, spacing and window in headers.

/**
 * Fetches a volume; `onPart(share)` is called while it fills. Throws for a refusal or a broken answer.
 * @param {string} url
 * @param {{ signal?: AbortSignal, onPart?: (share: number) => void }} options
 * @returns {Promise<Volume>}
 */
export async function fetchVolume(url, { signal, onPart }) {
  const response = await fetch(url, { signal, credentials: "same-origin" });
  if (!response.ok) throw await refusalOf(response);
  const numbers = (/** @type {string} */ name) => (response.headers.get(name) ?? "").split(",").map(Number);
  const shape = numbers("X-Shape");
  const count = shape.reduce((product, length) => product * length, 1);
  if (shape.length !== 3 || !(count > 0)) throw new Error("X-Shape");
  const spacing = numbers("X-Spacing");
  const [centre, width] = numbers("X-Window");
  const bytes = await readInto(response, new Uint8Array(count * 2), (filled) => onPart?.(filled / (count * 2)));
  return {
    shape,
    spacing: spacing.length === 3 && spacing.every((length) => length > 0) ? spacing : [1, 1, 1],
    window: width > 0 ? { centre, width } : null,
    orientation: response.headers.get("X-Orientation"),
    units: response.headers.get("X-Units") ?? "",
    inverted: response.headers.get("X-Inverted") === "1", // MONOCHROME1: low values are bright
    values: new Int16Array(bytes.buffer),
  };
}

/**
 * Fetches the uint8 mask of a volume; null when there is none (404).
 * @param {string} url
 * @param {number} count voxels of the volume
 * @param {{ signal?: AbortSignal }} options
 */
export async function fetchMask(url, count, { signal }) {
  const response = await fetch(url, { signal, credentials: "same-origin" });
  if (response.status === 404) return null;
  if (!response.ok) throw await refusalOf(response);
  const mask = new Uint8Array(await response.arrayBuffer());
  if (mask.length !== count) throw new Error("mask size");
  return mask;
}

/** A refusal as the server words it; `retryAfter` is the seconds after which another try may succeed, 0 where none will. */
export class PictureRefusal extends Error {
  worded = false;
  retryAfter = 0;
}

/** @param {Response} response */
async function refusalOf(response) {
  const plain = response.headers.get("Content-Type")?.startsWith("text/plain");
  const words = plain ? (await response.text()).trim() : "";
  const refusal = new PictureRefusal(words || String(response.status));
  refusal.worded = words !== "";
  refusal.retryAfter = response.status === 503 ? Number(response.headers.get("Retry-After")) || 0 : 0;
  return refusal;
}

/**
 * Fills `bytes` with the body, which must be exactly as long.
 * @param {Response} response
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {(filled: number) => void} onPart
 */
async function readInto(response, bytes, onPart) {
  if (!response.body) throw new Error("volume size");
  const reader = response.body.getReader();
  let filled = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (filled + part.value.length > bytes.length) throw new Error("volume size");
    bytes.set(part.value, filled);
    filled += part.value.length;
    onPart(filled);
  }
  if (filled !== bytes.length) throw new Error("volume size");
  return bytes;
}
