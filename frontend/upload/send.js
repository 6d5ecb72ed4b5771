// Sends one blob by tus 1.0, resuming an unfinished upload of the same content after a lost network or a closed browser.
import { DetailedError, Upload } from "tus-js-client";
import { csrfToken } from "../dom.js";
import { contentName } from "./pack.js";

const CHUNK = 8_000_000;
const RETRY_MS = [0, 1000, 3000, 5000, 10000, 20000, 30000];

/**
 * Starts sending; resolves with the tus Upload, so that it can be paused (abort) and resumed (start).
 * @param {{
 *   endpoint: string,
 *   blob: Blob,
 *   metadata: Record<string, string>,
 *   onProgress(sent: number): void,
 *   onSuccess(): void,
 *   onError(error: Error): void,
 * }} options
 */
export async function send({ endpoint, blob, metadata, onProgress, onSuccess, onError }) {
  const content = await contentName(blob);
  const fingerprint = ["concours", endpoint, metadata.question, metadata.centre, metadata.kind, metadata.filename, content].join("|");
  const upload = new Upload(blob, {
    endpoint,
    metadata,
    chunkSize: CHUNK,
    retryDelays: RETRY_MS,
    headers: { "X-CSRFToken": csrfToken() },
    fingerprint: async () => fingerprint,
    removeFingerprintOnSuccess: true,
    onProgress,
    onSuccess,
    onError,
  });
  const [unfinished] = await upload.findPreviousUploads();
  if (unfinished) upload.resumeFromPreviousUpload(unfinished);
  upload.start();
  return upload;
}

/**
 * What the server said, in its words if it gave any: [text, status]. Status 0: no answer; -1: not the network's fault.
 * @param {unknown} error
 * @returns {[text: string, status: number]}
 */
export function reasonOf(error) {
  if (!(error instanceof DetailedError)) return [error instanceof Error ? error.message : String(error), -1];
  const response = error.originalResponse;
  if (!response) return ["", 0];
  const body = response.getBody() || "";
  try {
    const said = JSON.parse(body);
    const text = said.message ?? said.detail ?? said.errors?.map?.((/** @type {{ message: string }} */ each) => each.message).join(" ") ?? "";
    return [String(text), response.getStatus()];
  } catch {
    return [body.startsWith("<") ? "" : body.slice(0, 280), response.getStatus()];
  }
}
