// What a person drops or picks, as {path, file}: whole folders, many files, archives.

export function fromInput(input) {
  return [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Reads dropped folders to the bottom. The entries must be taken before the first await: the drop's list dies with the event. */
export async function fromDrop(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry instanceof File) {
    found.push({ path: entry.name, file: entry });
  } else if (entry?.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
  } else if (entry?.isDirectory) {
    const reader = entry.createReader();
    // readEntries gives at most a hundred at a time and an empty list at the end.
    for (let some = await readSome(reader); some.length; some = await readSome(reader)) {
      for (const child of some) await walk(child, found);
    }
  }
}

function readSome(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}
