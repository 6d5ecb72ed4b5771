// Which files make one exam: by folder. Plain functions of {path, file}, without a browser.

const JUNK = /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/i;
const TABLE = /\.(csv|xlsx|json)$/i;
const ARCHIVE = /\.zip$/i;

/**
 * Files that systems leave in folders and nobody means to send.
 * @param {string} path
 */
export function isJunk(path) {
  return JUNK.test(path);
}

/**
 * Groups dropped files into exams, sorted by name: [{name, whole, root, files: [{path, file}]}]; `root` is the collection's folder.
 * A zip is an exam as it is (`whole`: sent untouched). A folder that holds files itself is one exam with all below it;
 * a folder that holds folders only is a collection, each of them an exam. Loose files go together as `loose`.
 * Paths inside a group are relative to the exam's folder.
 * @param {Entry[]} entries
 * @param {string} [loose]
 * @returns {Group[]}
 */
export function groupExams(entries, loose = "files") {
  const kept = entries.filter((entry) => !isJunk(entry.path));
  const holdsFiles = new Set(kept.map(({ path }) => path.split("/")).filter((parts) => parts.length === 2).map(([root]) => root));
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const { path, file } of kept) {
    const parts = path.split("/");
    const name = parts[parts.length - 1];
    if (ARCHIVE.test(name)) {
      groups.set(`zip:${path}`, { name, whole: true, files: [{ path: name, file }] });
      continue;
    }
    const depth = parts.length === 1 ? 0 : holdsFiles.has(parts[0]) ? 1 : 2;
    const folder = parts.slice(0, depth).join("/");
    const key = `dir:${folder}`;
    const root = depth === 2 ? parts[0] : null;
    const group = groups.get(key) ?? { name: depth ? parts[depth - 1] : loose, whole: false, root, files: [] };
    group.files.push({ path: parts.slice(depth).join("/"), file });
    groups.set(key, group);
  }
  return [...groups.values()].sort((one, other) => compare(one.name, other.name));
}

const ANNOTATION = /\.(nii|nii\.gz|nrrd|png|npy|csv|xlsx|json)$/i;
const TRIED = 5; // files of a folder that are opened to find its study

/**
 * A PACS puts each series of a study into a folder of its own: folders of one study become one exam again. A folder without images
 * (a viewer program, masks, segmentations) goes with the study beside it; with several studies beside it, masks and tables
 * take all of them into one upload, where each finds its exam. `studyOf(file)` answers {study, patient, images} or null.
 * @param {Group[]} groups
 * @param {(file: File) => Promise<StudyHeader | null>} studyOf
 */
export async function mergeStudies(groups, studyOf) {
  /** @type {Group[]} */
  const merged = [];
  const roots = groupBy(groups, (group) => group.root ?? null);
  for (const [root, members] of roots) {
    if (root === null || members.length === 1) merged.push(...members);
    else merged.push(...mergeRoot(root, await Promise.all(members.map((group) => withStudy(group, studyOf)))));
  }
  return merged.sort((one, other) => compare(one.name, other.name));
}

/** @typedef {{ group: Group, key: string, annotates: boolean }} Member a folder, the study it holds ("": none), whether it annotates one */

/**
 * @param {Group} group
 * @param {(file: File) => Promise<StudyHeader | null>} studyOf
 * @returns {Promise<Member>}
 */
async function withStudy(group, studyOf) {
  let other = null; // an object that is no image: a segmentation, a report
  for (const { file } of group.files.slice(0, TRIED)) {
    const header = await studyOf(file);
    if (header?.images) return { group, key: `${header.patient}|${header.study}`, annotates: false };
    other ??= header;
  }
  return { group, key: "", annotates: other !== null || group.files.some(({ path }) => ANNOTATION.test(path)) };
}

/**
 * @param {string} root
 * @param {Member[]} members
 */
function mergeRoot(root, members) {
  const studies = groupBy(members.filter(({ key }) => key), ({ key }) => key);
  const others = members.filter(({ key }) => !key);
  if (studies.size === 0) return members.map(({ group }) => group);
  if (studies.size === 1 || others.some(({ annotates }) => annotates)) {
    const whole = studies.size === 1 && others.length === 0 && members.length === 1;
    return whole ? [members[0].group] : [together(root, root, members)];
  }
  const exams = [...studies.values()].map((parts) => (parts.length === 1 ? parts[0].group : together(parts[0].group.name, root, parts)));
  if (others.length > 0) exams[0] = together(exams[0].name, root, [{ group: exams[0] }, ...others]);
  return exams;
}

/**
 * One group of several, each in a folder of its name.
 * @param {string} name
 * @param {string} root
 * @param {{ group: Group }[]} members
 * @returns {Group}
 */
function together(name, root, members) {
  const files = members.flatMap(({ group }) => group.files.map(({ path, file }) => ({ path: `${group.name}/${path}`, file })));
  return { name, whole: false, root, files };
}

/**
 * Whether values may come with the files themselves: a table beside the images, or an archive that may hold one.
 * @param {Group} group
 */
export function holdsTable(group) {
  return group.whole || group.files.some(({ path }) => TABLE.test(path));
}

/**
 * A submission is one thing: a single file as it is, else everything in one archive, the common folder taken off.
 * @param {Entry[]} entries
 * @returns {Group[]}
 */
export function groupSubmission(entries, name = "submission") {
  const kept = entries.filter((entry) => !isJunk(entry.path));
  if (kept.length === 0) return [];
  if (kept.length === 1) {
    const { path, file } = kept[0];
    const own = path.slice(path.lastIndexOf("/") + 1);
    return [{ name: own, whole: true, files: [{ path: own, file }] }];
  }
  const [first] = kept[0].path.split("/");
  const shared = kept.every(({ path }) => path.startsWith(`${first}/`));
  const files = kept.map(({ path, file }) => ({ path: shared ? path.split("/").slice(1).join("/") : path, file }));
  return [{ name: shared ? first : name, whole: false, files }];
}

/**
 * @template Value, Key
 * @param {Value[]} items
 * @param {(item: Value) => Key} keyOf
 * @returns {Map<Key, Value[]>}
 */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/**
 * Bytewise by code point, so that every machine and language sorts alike.
 * @param {string} one
 * @param {string} other
 */
export function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}
