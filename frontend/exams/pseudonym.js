// The pseudonym of a patient, as concours.deid.identity derives it: HMAC-SHA-256 under the centre's key, which stays in memory.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
export const DERIVATION = 1;
const LENGTH = 26;

/**
 * A number as it is compared: Unicode NFC, without the padding that DICOM adds.
 * @param {string} value
 */
export function normaliseId(value) {
  return value.normalize("NFC").replace(/^[ \0\t\r\n]+|[ \0\t\r\n]+$/g, "");
}

/**
 * A key for `pseudonymOf` from the base64 that the site gives; it cannot be read out again.
 * @param {string} base64
 */
export function importKey(base64) {
  const secret = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  return crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/**
 * 26 letters and digits that stand for the patient at this key's centre.
 * @param {CryptoKey} key
 * @param {string} patient
 */
export async function pseudonymOf(key, patient) {
  const mac = await crypto.subtle.sign("HMAC", key, message("pseudonym", normaliseId(patient)));
  return base32(new Uint8Array(mac)).slice(0, LENGTH);
}

/**
 * Parts with their lengths before them (4 bytes, big-endian), so that two pairs never meet.
 * @param {...string} parts
 */
function message(...parts) {
  const encoded = parts.map((part) => new TextEncoder().encode(part));
  const bytes = new Uint8Array(encoded.reduce((sum, part) => sum + 4 + part.length, 0));
  let at = 0;
  for (const part of encoded) {
    new DataView(bytes.buffer).setUint32(at, part.length);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

/** @param {Uint8Array} bytes */
function base32(bytes) {
  let text = "";
  let [bits, value] = [0, 0];
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}
