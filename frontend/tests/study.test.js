import assert from "node:assert/strict";
import { test } from "node:test";
import { patientsOf, readHeader } from "../upload/study.js";

const bytes = (...parts) => parts.flatMap((part) => (typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : part));
const u16 = (n) => [n & 255, n >> 8];
const u32 = (n) => [n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255];
const explicit = (group, element, kind, value) => bytes(u16(group), u16(element), kind, u16(value.length), value);
const implicit = (group, element, value) => bytes(u16(group), u16(element), u32(value.length), value);
const file = (...elements) => new DataView(new Uint8Array([...new Array(128).fill(0), ...bytes("DICM"), ...elements.flat()]).buffer);
const syntax = (uid) => explicit(2, 0x10, "UI", uid);

test("study and patient of an explicit header, a sequence of undefined length skipped", () => {
  const inner = explicit(0x20, 0xd, "UI", "9.9");
  const sequence = bytes(u16(8), u16(0x1110), "SQ", [0, 0], u32(0xffffffff), u16(0xfffe), u16(0xe000), u32(0xffffffff), inner,
    u16(0xfffe), u16(0xe00d), u32(0), u16(0xfffe), u16(0xe0dd), u32(0));
  const view = file(syntax("1.2.840.10008.1.2.1\0"), explicit(8, 0x60, "CS", "CT"), sequence, explicit(0x10, 0x20, "LO", "P-1 "), explicit(0x20, 0xd, "UI", "1.2.3\0"));
  assert.deepEqual(readHeader(view), { study: "1.2.3", patient: "P-1", images: true });
});

test("a patient's number beyond ASCII is read in the file's character set", () => {
  const number = [...new TextEncoder().encode("É-1")];
  const view = file(syntax("1.2.840.10008.1.2.1\0"), explicit(8, 5, "CS", "ISO_IR 192"), explicit(0x10, 0x20, "LO", number), explicit(0x20, 0xd, "UI", "1.2.3\0"));
  assert.equal(readHeader(view).patient, "É-1");
});

test("each folder's first image states its patient", async () => {
  const image = (number) => new Blob([file(syntax("1.2.840.10008.1.2.1\0"), explicit(0x10, 0x20, "LO", number), explicit(0x20, 0xd, "UI", "1.2.3\0")).buffer]);
  const files = [["A/1.dcm", image("P-1 ")], ["A/2.dcm", image("P-9 ")], ["B/C/1.dcm", image("P-2 ")], ["notes.txt", new Blob(["x"])]];
  const pairs = await patientsOf(files.map(([path, blob]) => ({ path, file: blob })));
  assert.deepEqual(pairs, [["A", "P-1"], ["B/C", "P-2"]]);
});

test("an implicit header, and an object that is no image", () => {
  const view = file(syntax("1.2.840.10008.1.2\0"), implicit(8, 0x60, "SEG "), implicit(0x10, 0x20, "P-1 "), implicit(0x20, 0xd, "1.2.3\0"));
  assert.deepEqual(readHeader(view), { study: "1.2.3", patient: "P-1", images: false });
});

test("what is no DICOM file, or is cut off before its study, has none", () => {
  assert.equal(readHeader(new DataView(new ArrayBuffer(200))), null);
  assert.equal(readHeader(new DataView(new ArrayBuffer(3))), null);
  assert.equal(readHeader(file(syntax("1.2.840.10008.1.2.1\0"), bytes(u16(0x10), u16(0x20), "LO", u16(500), "P-1"))), null);
});
