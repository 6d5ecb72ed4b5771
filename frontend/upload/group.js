// Which files make one exam: by folder. Plain functions of {path, file}, without a browser.

const JUNK = /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/i;
const ARCHIVE = /\.zip$/i;

/** Files that systems leave in folders and nobody means to send. */
export function isJunk(path) {
  return JUNK.test(path);
}

/**
 * Groups dropped files into exams, sorted by name: [{name, whole, files: [{path, file}]}].
 * A zip is an exam as it is (`whole`: sent untouched). A folder that holds files itself is one exam with all below it;
 * a folder that holds folders only is a collection, each of them an exam. Loose files go together as `loose`.
 * Paths inside a group are relative to the exam's folder.
 */
export function groupExams(entries, loose = "files") {
  const kept = entries.filter((entry) => !isJunk(entry.path));
  const holdsFiles = new Set(kept.map(({ path }) => path.split("/")).filter((parts) => parts.length === 2).map(([root]) => root));
  const groups = new Map();
  for (const { path, file } of kept) {
    const parts = path.split("/");
    const name = parts.at(-1);
    if (ARCHIVE.test(name)) {
      groups.set(`zip:${path}`, { name, whole: true, files: [{ path: name, file }] });
      continue;
    }
    const depth = parts.length === 1 ? 0 : holdsFiles.has(parts[0]) ? 1 : 2;
    const folder = parts.slice(0, depth).join("/");
    const key = `dir:${folder}`;
    if (!groups.has(key)) groups.set(key, { name: depth ? parts[depth - 1] : loose, whole: false, files: [] });
    groups.get(key).files.push({ path: parts.slice(depth).join("/"), file });
  }
  return [...groups.values()].sort((one, other) => compare(one.name, other.name));
}

/** A submission is one thing: a single file as it is, else everything in one archive, the common folder taken off. */
export function groupSubmission(entries, name = "submission") {
  const kept = entries.filter((entry) => !isJunk(entry.path));
  if (kept.length === 0) return [];
  if (kept.length === 1) {
    const { path, file } = kept[0];
    const own = path.split("/").at(-1);
    return [{ name: own, whole: true, files: [{ path: own, file }] }];
  }
  const roots = new Set(kept.map(({ path }) => (path.includes("/") ? path.split("/")[0] : null)));
  const shared = roots.size === 1 && !roots.has(null);
  const files = kept.map(({ path, file }) => ({ path: shared ? path.split("/").slice(1).join("/") : path, file }));
  return [{ name: shared ? [...roots][0] : name, whole: false, files }];
}

/** Bytewise by code point, so that every machine and language sorts alike. */
export function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}
