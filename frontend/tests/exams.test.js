import assert from "node:assert/strict";
import { test } from "node:test";
import { matchExams, ownName } from "../exams/match.js";
import { importKey, normaliseId, pseudonymOf } from "../exams/pseudonym.js";
import { fromCsv, toCsv } from "../exams/table.js";

const sent = "2026-01-01T00:00:00.000Z";
const upload = (patients, folder = "DURAND_3") => ({ upload: "u", question: "c/q", centre: "bichat", folder, patients, sent });
const ID = "0b0c1f9e-0000-4000-8000-00000000000a";

test("an upload that became one exam bears the dropped folder's name and its one patient", () => {
  const [row] = matchExams(upload([["CT", "P-1"], ["MR", "P-1"]]), [{ id: ID, number: 4, folder: "" }]);
  assert.deepEqual(row, { exam: ID, number: 4, question: "c/q", centre: "bichat", folder: "DURAND_3", patient: "P-1", sent });
  assert.equal(ownName(row), "DURAND_3 · P-1");
});

test("exams of one upload keep apart by their folders; a folder with two patients names none", () => {
  const patients = [["A/CT", "P-1"], ["B", "P-2"], ["C/1", "P-3"], ["C/2", "P-4"], ["AB", "P-5"]];
  const exams = ["A", "B", "C", ""].map((folder, n) => ({ id: `${n}`, number: n, folder }));
  const rows = matchExams(upload(patients, "CD"), exams);
  assert.deepEqual(rows.map((row) => [row.folder, row.patient]), [["CD/A", "P-1"], ["CD/B", "P-2"], ["CD/C", ""], ["CD", ""]]);
});

test("the list goes out and comes back, from a spreadsheet too, and no cell is run", () => {
  const rows = [{ exam: ID, number: 4, question: "c/q", centre: "b", folder: '=1+1 "É", ;x', patient: "-12", sent }];
  const text = toCsv(rows);
  assert.ok(text.includes("\"'=1+1 \"\"É\"\", ;x\"") && text.includes("\"'-12\""));
  assert.deepEqual(fromCsv(text), rows);
  const excel = `exam;folder;patient\r\n${ID};DUPONT;007\r\nnone;x;y\r\n`;
  assert.deepEqual(fromCsv(excel).map((row) => [row.exam, row.folder, row.patient]), [[ID, "DUPONT", "007"]]);
  assert.equal(fromCsv("name,value\n1,2\n"), null);
});

test("the pseudonym is the library's (tests/concours/deid/test_identity.py)", async () => {
  const key = await importKey("FWhbfJNGjyPAzxCTXlnJi3JCHAFx55Gt+XbY8QbIWf4=");
  assert.equal(await pseudonymOf(key, " 123 \0"), "VGZANOH7JVBTGE32JAPAKN5HDE");
  assert.equal(normaliseId(" E\u0301 1\0\n"), "É 1");
});
