import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { contentName, pack } from "../upload/pack.js";

const group = (order) => ({ name: "exam", whole: false, files: order.map((path) => ({ path, file: new File([`bytes of ${path}`], path, { lastModified: Math.random() * 1e12 }) })) });
const digest = async (blob) => createHash("sha256").update(Buffer.from(await blob.arrayBuffer())).digest("hex");

test("the same files give the same bytes, whatever their order and dates", async () => {
  const one = await pack(group(["b.dcm", "a.dcm", "é/ü.dcm"]));
  const other = await pack(group(["é/ü.dcm", "a.dcm", "b.dcm"]));
  assert.equal(one.filename, "exam.zip");
  assert.equal(await digest(one.blob), await digest(other.blob));
  assert.equal(await contentName(one.blob), await contentName(other.blob));
});

test("another time zone gives the same bytes", async () => {
  if (process.env.ZONE_CHILD) return console.log(`digest ${await digest((await pack(group(["a.dcm"]))).blob)}`);
  const here = await digest((await pack(group(["a.dcm"]))).blob);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env; // else the child reports to the parent's runner
  const there = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { env: { ...env, TZ: "Pacific/Auckland", ZONE_CHILD: "1" }, encoding: "utf8" });
  assert.match(there.stdout, new RegExp(`digest ${here}`));
});

test("other content has another name, a given zip is sent untouched", async () => {
  const file = new File(["zip bytes"], "a.zip");
  const { blob, filename } = await pack({ name: "a.zip", whole: true, files: [{ path: "a.zip", file }] });
  assert.equal(blob, file);
  assert.equal(filename, "a.zip");
  assert.notEqual(await contentName(file), await contentName(new File(["zip bytez"], "a.zip")));
});
