// Which study a DICOM file belongs to, from its first bytes (PS3.5 7, PS3.10 7.1): so that folders of one study travel together.

const HEAD = 1 << 16;
/** @type {Record<number, keyof HeaderValues>} */
const WANTED = { 0x00080005: "characters", 0x00080060: "modality", 0x00100020: "patient", 0x0020000d: "study" };
const LAST = 0x0020000d;
const LONG = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);
const UNDEFINED = 0xffffffff;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
/** @type {Record<string, string>} */
const ENCODINGS = { "ISO_IR 192": "utf-8", "ISO_IR 144": "iso-8859-5", "ISO_IR 101": "iso-8859-2", "GB18030": "gb18030", "ISO_IR 13": "shift_jis" };
const FOLDERS = 200; // whose first files are opened to find their patients
const NO_IMAGES = new Set(["SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "SR", "KO", "PR", "DOC", "REG"]);

/**
 * {study, patient, images} of a File, or null where it is no DICOM file that states its study.
 * @param {Blob} file
 */
export async function studyOf(file) {
  return readHeader(new DataView(await file.slice(0, HEAD).arrayBuffer()));
}

/**
 * Pairs of a folder and the patient's number that its first DICOM file states.
 * @param {Entry[]} files
 * @returns {Promise<[folder: string, patient: string][]>}
 */
export async function patientsOf(files) {
  /** @type {Map<string, File[]>} */
  const firstFiles = new Map();
  for (const { path, file } of files) {
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    const some = firstFiles.get(folder) ?? [];
    if (some.length < 3) some.push(file);
    firstFiles.set(folder, some);
  }
  /** @type {[folder: string, patient: string][]} */
  const pairs = [];
  for (const [folder, some] of [...firstFiles].slice(0, FOLDERS)) {
    for (const file of some) {
      const header = await studyOf(file);
      if (!header?.patient) continue;
      pairs.push([folder, header.patient]);
      break;
    }
  }
  return pairs;
}

/** @typedef {{ characters?: string, modality?: string, patient?: string, study?: string }} HeaderValues */

/**
 * The same of the first bytes of a file.
 * @param {DataView} view
 * @returns {StudyHeader | null}
 */
export function readHeader(view) {
  if (view.byteLength < 140 || text(view, 128, 4) !== "DICM") return null;
  /** @type {HeaderValues} */
  const header = {};
  try {
    walk(view, 132, header);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the header goes on beyond what was read
  }
  if (!header.study) return null;
  return { study: header.study, patient: decoded(header.patient ?? "", header.characters), images: !NO_IMAGES.has(header.modality ?? "") };
}

/**
 * A text that was read byte by byte, in its own character set; Latin-1 unless one of the single sets above.
 * @param {string} letters
 * @param {string} [characters]
 */
function decoded(letters, characters) {
  const encoding = ENCODINGS[characters ?? ""];
  return encoding ? new TextDecoder(encoding).decode(Uint8Array.from(letters, (sign) => sign.charCodeAt(0))) : letters;
}

/**
 * @param {DataView} view
 * @param {number} start
 * @param {HeaderValues} header filled on the way
 */
function walk(view, start, header) {
  let implicit = false;
  for (let at = start; at + 8 <= view.byteLength; ) {
    const tag = tagAt(view, at);
    const element = elementAt(view, at, implicit && tag >>> 16 !== 2);
    if (tag === 0x00020010) implicit = text(view, element.value, element.length).replace(/[\0 ]+$/, "") === "1.2.840.10008.1.2";
    if (tag in WANTED) header[WANTED[tag]] = text(view, element.value, element.length).replace(/[\0 ]+$/, "").trim();
    if (tag >= LAST) return;
    at = element.length === UNDEFINED ? afterSequence(view, element.value, implicit) : element.value + element.length;
  }
}

/**
 * Where the value of the element at `at` begins, and its length in bytes.
 * @param {DataView} view
 * @param {number} at
 * @param {boolean} implicit
 */
function elementAt(view, at, implicit) {
  if (implicit) return { value: at + 8, length: view.getUint32(at + 4, true) };
  const kind = text(view, at + 4, 2);
  if (LONG.has(kind)) return { value: at + 12, length: view.getUint32(at + 8, true) };
  return { value: at + 8, length: view.getUint16(at + 6, true) };
}

/**
 * The offset behind a sequence or item of undefined length.
 * @param {DataView} view
 * @param {number} start
 * @param {boolean} implicit
 * @returns {number}
 */
function afterSequence(view, start, implicit) {
  for (let at = start; ; ) {
    const tag = tagAt(view, at);
    const length = view.getUint32(at + 4, true);
    if (tag === SEQUENCE_END || tag === ITEM_END) return at + 8;
    if (tag === ITEM) {
      at = length === UNDEFINED ? afterSequence(view, at + 8, implicit) : at + 8 + length;
      continue;
    }
    const element = elementAt(view, at, implicit);
    at = element.length === UNDEFINED ? afterSequence(view, element.value, implicit) : element.value + element.length;
  }
}

const tagAt = (/** @type {DataView} */ view, /** @type {number} */ at) => ((view.getUint16(at, true) << 16) | view.getUint16(at + 2, true)) >>> 0;

const text = (/** @type {DataView} */ view, /** @type {number} */ at, /** @type {number} */ length) => {
  if (length > 1024 || at + length > view.byteLength) throw new RangeError("beyond what was read");
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, length));
};
