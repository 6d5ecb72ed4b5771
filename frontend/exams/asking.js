// What the centre's page asks the site: its key (kept in memory), its exams of a pseudonym, the exams of an upload.
import { csrfToken } from "../dom.js";
import { DERIVATION, importKey, pseudonymOf } from "./pseudonym.js";
import { awaited, keepExams, keeps, settle } from "./kept.js";
import { matchExams } from "./match.js";

/** What the site answered instead: its words, and its reason code. */
export class RefusedByServer extends Error {
  /**
   * @param {number} status
   * @param {{ message?: string, reason?: string } | null} body
   */
  constructor(status, body) {
    super(body?.message ?? "");
    this.status = status;
    this.reason = body?.reason ?? "";
  }
}

/** @type {Map<string, CryptoKey>} */
const keys = new Map(); // by centre's id; gone with the page

/**
 * @param {string} address
 * @param {RequestInit} [options]
 */
async function asked(address, options = {}) {
  const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json", "X-CSRFToken": csrfToken() }, ...options });
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new RefusedByServer(answer.status, body);
  return body;
}

/**
 * @param {string} centre
 * @returns {Promise<CryptoKey>}
 */
async function keyOf(centre) {
  const known = keys.get(centre);
  if (known) return known;
  const body = await asked(`/api/v1/centres/${centre}/key/`, { method: "POST" });
  if (body.derivation !== DERIVATION) throw new RefusedByServer(409, null); // an old page: reload it
  const key = await importKey(body.key);
  keys.set(centre, key);
  return key;
}

/**
 * The centres' exams of the patient with this number, which stays here.
 * @param {string[]} centres
 * @param {string} challenge
 * @param {string} number
 */
export async function examsOfPatient(centres, challenge, number) {
  /** @type {NamedExam[]} */
  const exams = [];
  for (const centre of centres) {
    const pseudonym = await pseudonymOf(await keyOf(centre), number);
    const query = new URLSearchParams({ challenge, pseudonym });
    exams.push(...(await asked(`/api/v1/exams/?${query}`)).results);
  }
  return exams;
}

/** Names the exams of uploads that were sent from this browser and have been received since. Resolves with how many still wait. */
export async function nameReceived() {
  if (!keeps()) return 0;
  let waiting = 0;
  for (const upload of await awaited()) {
    try {
      const { state } = await asked(`/api/v1/uploads/${upload.upload}`);
      if (state === "received") {
        await keepExams(matchExams(upload, await everyExam(upload.upload)));
      }
      if (state === "receiving" || state === "stored") waiting += 1;
      else await settle(upload.upload);
    } catch (error) {
      if (!(error instanceof RefusedByServer)) throw error;
      if (error.status === 404) await settle(upload.upload); // another person's, on a shared computer
    }
  }
  return waiting;
}

/** @param {string} upload */
async function everyExam(upload) {
  /** @type {NamedExam[]} */
  const exams = [];
  for (let address = `/api/v1/exams/?${new URLSearchParams({ upload })}`; address; ) {
    const page = await asked(address);
    exams.push(...page.results);
    address = page.next ? new URL(page.next).pathname + new URL(page.next).search : "";
  }
  return exams;
}
