// What this browser alone knows: which folder and patient an exam is. It is stored in IndexedDB and never sent.

const NAME = "concours-exams";
const EXAMS = "exams"; // by exam id: {exam, number, question, centre, folder, patient, sent}
const WAITING = "uploads"; // by upload id: {upload, question, centre, folder, patients: [[folder, number]], sent}
const CHOICE = "concours-keep-exams";
const DAYS = 30; // an upload that nothing became of is forgotten after so many

/** Whether this computer keeps the list; its person decides on the upload page. */
export function keeps() {
  return localStorage.getItem(CHOICE) !== "no";
}

/** @param {boolean} yes */
export function setKeeps(yes) {
  localStorage.setItem(CHOICE, yes ? "yes" : "no");
}

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(EXAMS, { keyPath: "exam" });
      request.result.createObjectStore(WAITING, { keyPath: "upload" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/**
 * Runs `use(store)` in one transaction and resolves with the result of the request it returns.
 * @param {string} name
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest | void} use
 * @returns {Promise<any>}
 */
async function within(name, mode, use) {
  const transaction = (await database()).transaction(name, mode);
  const request = use(transaction.objectStore(name));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** @returns {Promise<KeptExam[]>} */
export const keptExams = () => within(EXAMS, "readonly", (store) => store.getAll());

/** @param {KeptExam[]} rows */
export function keepExams(rows) {
  return within(EXAMS, "readwrite", (store) => {
    for (const row of rows) store.put(row);
  });
}

export async function forgetAll() {
  await within(EXAMS, "readwrite", (store) => store.clear());
  await within(WAITING, "readwrite", (store) => store.clear());
}

/** An upload whose exams the site has not named yet. */
export const awaitExams = (/** @type {AwaitedUpload} */ upload) => within(WAITING, "readwrite", (store) => store.put(upload));

/** @returns {Promise<AwaitedUpload[]>} */
export async function awaited() {
  /** @type {AwaitedUpload[]} */
  const rows = await within(WAITING, "readonly", (store) => store.getAll());
  const oldest = new Date(Date.now() - DAYS * 86_400_000).toISOString();
  for (const row of rows) if (row.sent < oldest) await settle(row.upload);
  return rows.filter((row) => row.sent >= oldest);
}

export const settle = (/** @type {string} */ upload) => within(WAITING, "readwrite", (store) => store.delete(upload));
