import assert from "node:assert/strict";
import { test } from "node:test";
import { groupExams, groupSubmission, holdsTable, mergeStudies } from "../upload/group.js";

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

test("values may come from a table beside the images, or from inside an archive", () => {
  const [bare, tabled, zip] = groupExams(entries("all/a/1.dcm", "all/b/1.dcm", "all/b/Values.CSV", "c.zip"));
  assert.deepEqual([bare, tabled, zip].map(holdsTable), [false, true, true]);
});

const study = (file) => Promise.resolve(file.study ? { study: file.study, patient: "P", images: file.images ?? true } : null);
const merged = async (files) =>
  shape(await mergeStudies(groupExams(Object.entries(files).map(([path, file]) => ({ path, file: { size: 1, ...file } }))), study));

test("folders of one study are one exam, whatever is beside them", async () => {
  const files = { "in/S1/1": { study: "1" }, "in/S2/1": { study: "1" }, "in/S502/1": { study: "1", images: false }, "in/VIEWER/a.exe": {} };
  assert.deepEqual(await merged(files), [["in", ["S1/1", "S2/1", "S502/1", "VIEWER/a.exe"]]]);
});

test("folders of several studies stay several exams, and a viewer goes with the first", async () => {
  const files = { "all/a": {}, "in/p1/1": { study: "1" }, "in/p2/1": { study: "2" }, "in/p2b/1": { study: "2" }, "in/HELP/x.htm": {} };
  delete files["all/a"];
  assert.deepEqual(await merged(files), [["p1", ["p1/1", "HELP/x.htm"]], ["p2", ["p2/1", "p2b/1"]]]);
});

test("masks beside several studies take all of them into one upload", async () => {
  const files = { "in/p1/1": { study: "1" }, "in/p2/1": { study: "2" }, "in/masks/p1.nii.gz": {}, "in/seg/1": { study: "9", images: false } };
  assert.deepEqual(await merged(files), [["in", ["p1/1", "p2/1", "masks/p1.nii.gz", "seg/1"].sort()]]);
});

test("what is no study is left as it was grouped", async () => {
  assert.deepEqual(await merged({ "in/a/1.txt": {}, "in/b/1.txt": {} }), [["a", ["1.txt"]], ["b", ["1.txt"]]]);
});
