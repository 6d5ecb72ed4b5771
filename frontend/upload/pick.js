// What a person drops or picks, as {path, file}: whole folders, many files, archives.

/**
 * @param {HTMLInputElement} input
 * @returns {Entry[]}
 */
export function fromInput(input) {
  return [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * Reads dropped folders to the bottom. The entries must be taken before the first await: the drop's list dies with the event.
 * @param {DataTransfer} transfer
 */
export async function fromDrop(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  /** @type {Entry[]} */
  const dropped = [];
  for (const entry of entries) await walk(entry, dropped);
  return dropped;
}

/**
 * @param {FileSystemEntry | File | null} entry
 * @param {Entry[]} dropped
 */
async function walk(entry, dropped) {
  if (entry instanceof File) {
    dropped.push({ path: entry.name, file: entry });
  } else if (entry?.isFile) {
    const leaf = /** @type {FileSystemFileEntry} */ (entry);
    const file = await /** @type {Promise<File>} */ (new Promise((resolve, reject) => void leaf.file(resolve, reject)));
    dropped.push({ path: entry.fullPath.replace(/^\//, ""), file });
  } else if (entry?.isDirectory) {
    const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
    // readEntries gives at most a hundred at a time and an empty list at the end.
    for (let some = await readSome(reader); some.length; some = await readSome(reader)) {
      for (const child of some) await walk(child, dropped);
    }
  }
}

/**
 * @param {FileSystemDirectoryReader} reader
 * @returns {Promise<FileSystemEntry[]>}
 */
function readSome(reader) {
  return new Promise((resolve, reject) => void reader.readEntries(resolve, reject));
}
