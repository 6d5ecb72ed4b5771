// A volume prepared by the server: raw little-endian int16, shape, spacing and window in headers.

/** Fetches a volume; `onPart(share)` is called while it fills. Throws for a refusal or a broken answer. */
export async function fetchVolume(url, { signal, onPart }) {
  const response = await fetch(url, { signal, credentials: "same-origin" });
  if (!response.ok) throw new Error(String(response.status));
  const numbers = (name) => (response.headers.get(name) ?? "").split(",").map(Number);
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
    values: new Int16Array(bytes.buffer),
  };
}

/** Fetches the uint8 mask of a volume; null when there is none (404). */
export async function fetchMask(url, count, { signal }) {
  const response = await fetch(url, { signal, credentials: "same-origin" });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(String(response.status));
  const mask = new Uint8Array(await response.arrayBuffer());
  if (mask.length !== count) throw new Error("mask size");
  return mask;
}

async function readInto(response, bytes, onPart) {
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
