import assert from "node:assert/strict";
import { test } from "node:test";
import { groupExams, groupSubmission } from "../upload/group.js";

const entries = (...paths) => paths.map((path) => ({ path, file: { size: 1 } }));
const shape = (groups) => groups.map(({ name, files }) => [name, files.map(({ path }) => path)]);

test("a folder of folders is one exam for each of them", () => {
  const groups = groupExams(entries("centre/exam-2/1.dcm", "centre/exam-1/series/1.dcm", "centre/exam-1/mask.nii.gz"));
  assert.deepEqual(shape(groups), [["exam-1", ["series/1.dcm", "mask.nii.gz"]], ["exam-2", ["1.dcm"]]]);
});

test("a folder that holds files itself is one exam with all below it", () => {
  assert.deepEqual(shape(groupExams(entries("exam/1.dcm", "exam/series-2/2.dcm"))), [["exam", ["1.dcm", "series-2/2.dcm"]]]);
});

test("zips go as they are, loose files go together, what systems leave behind stays", () => {
  const groups = groupExams(entries("a.zip", "1.dcm", "2.dcm", ".DS_Store", "exam/__MACOSX/x", "exam/._1.dcm"), "files");
  assert.deepEqual(shape(groups), [["a.zip", ["a.zip"]], ["files", ["1.dcm", "2.dcm"]]]);
  assert.deepEqual(groups.map(({ whole }) => whole), [true, false]);
});

test("two dropped folders of the same inner names stay two exams", () => {
  assert.equal(groupExams(entries("monday/exam/1.dcm", "tuesday/exam/1.dcm")).length, 2);
});

test("a submission is one thing", () => {
  assert.deepEqual(shape(groupSubmission(entries("results.csv"))), [["results.csv", ["results.csv"]]]);
  assert.deepEqual(shape(groupSubmission(entries("ours/results.csv", "ours/masks/1.png"))), [["ours", ["results.csv", "masks/1.png"]]]);
  assert.deepEqual(shape(groupSubmission(entries("results.csv", "1.png"))), [["submission", ["results.csv", "1.png"]]]);
  assert.deepEqual(groupSubmission(entries(".DS_Store")), []);
});
