// One stored zip an exam, the same bytes for the same files: fixed order, fixed times. Deflate in a browser costs four times as much.
import { makeZip } from "client-zip";
import { compare } from "./group.js";

// Zip times have no zone and are written from local parts: this is 1980-01-01 00:00 on every machine.
const EPOCH = new Date(1980, 0, 1);
const TAIL = 1 << 20;

/**
 * The blob to send for a group: the zip as it was given, or a packed one.
 * @param {Group} group
 * @returns {Promise<{ blob: Blob, filename: string }>}
 */
export async function pack(group) {
  if (group.whole) return { blob: group.files[0].file, filename: group.name };
  const files = [...group.files].sort((one, other) => compare(one.path, other.path));
  const stream = makeZip(
    files.map(({ path, file }) => ({ name: path, input: file, lastModified: EPOCH })),
    { buffersAreUTF8: true },
  );
  const blob = await new Response(stream, { headers: { "Content-Type": "application/zip" } }).blob();
  return { blob, filename: `${group.name}.zip` };
}

/**
 * A name for the content: size and a hash of its tail, where a zip keeps the names, sizes and checksums of all its files.
 * It only finds an unfinished upload again; the server checks the bytes themselves.
 * @param {Blob} blob
 */
export async function contentName(blob) {
  const tail = new Uint8Array(await blob.slice(Math.max(0, blob.size - TAIL)).arrayBuffer());
  let high = 0x811c9dc5;
  let low = 0x1b873593;
  for (const byte of tail) {
    high = Math.imul(high ^ byte, 0x01000193);
    low = Math.imul(low ^ byte, 0x85ebca6b) ^ (low >>> 13);
  }
  return `${blob.size}-${(high >>> 0).toString(16)}${(low >>> 0).toString(16)}`;
}
