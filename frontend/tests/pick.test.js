import assert from "node:assert/strict";
import { test } from "node:test";
import { DetailedError } from "tus-js-client";
import { fromDrop, fromInput } from "../upload/pick.js";
import { reasonOf } from "../upload/send.js";

const leaf = (fullPath) => ({ isFile: true, fullPath, file: (resolve) => resolve(new File(["x"], fullPath.split("/").at(-1))) });
const folder = (...batches) => ({ isDirectory: true, createReader: () => ({ readEntries: (resolve) => resolve(batches.shift() ?? []) }) });
const item = (entry) => ({ kind: "file", webkitGetAsEntry: () => entry });

test("picked files keep the path inside the folder that was picked", () => {
  const inside = Object.assign(new File([], "1.dcm"), { webkitRelativePath: "exam/1.dcm" });
  assert.deepEqual(fromInput({ files: [inside, new File([], "a.zip")] }).map(({ path }) => path), ["exam/1.dcm", "a.zip"]);
  assert.deepEqual(fromInput({ files: null }), []);
});

test("dropped folders are read to the bottom, however many lists a browser makes of them", async () => {
  const series = folder([leaf("/exam/series/1.dcm")], [leaf("/exam/series/2.dcm")]);
  const dropped = await fromDrop({ items: [item(folder([series, leaf("/exam/mask.nii")])), item(leaf("/a.zip")), { kind: "string" }] });
  assert.deepEqual(dropped.map(({ path }) => path), ["exam/series/1.dcm", "exam/series/2.dcm", "exam/mask.nii", "a.zip"]);
});

test("a browser without entries gives its files", async () => {
  const bare = { kind: "file", getAsFile: () => new File(["x"], "b.zip") };
  assert.deepEqual((await fromDrop({ items: [bare] })).map(({ path }) => path), ["b.zip"]);
});

test("a folder that cannot be read is an error, not an empty exam", async () => {
  const broken = { isDirectory: true, createReader: () => ({ readEntries: (_, reject) => reject(new Error("no permission")) }) };
  await assert.rejects(fromDrop({ items: [item(broken)] }), /no permission/);
});

const refusal = (status, body) => Object.assign(new DetailedError("tus: failed"), { originalResponse: { getBody: () => body, getStatus: () => status } });

test("the server's own words are the reason", () => {
  assert.deepEqual(reasonOf(refusal(403, '{"message": "Sign the charter first."}')), ["Sign the charter first.", 403]);
  assert.deepEqual(reasonOf(refusal(400, '{"errors": [{"message": "a"}, {"message": "b"}]}')), ["a b", 400]);
  assert.deepEqual(reasonOf(refusal(413, "too large")), ["too large", 413]);
});

test("a proxy's page is no reason to show", () => {
  assert.deepEqual(reasonOf(refusal(502, "<html>Bad gateway</html>")), ["", 502]);
});

test("no answer is a lost network; a fault of ours says itself", () => {
  assert.deepEqual(reasonOf(new DetailedError("tus: no answer")), ["", 0]);
  assert.deepEqual(reasonOf(new Error("cannot read the file")), ["cannot read the file", -1]);
});
