import assert from "node:assert/strict";
import { test } from "node:test";
import { edgeLetters, fit, sameHeight, voxelAt, zoomed } from "../viewer/geometry.js";
import { fullWindow, greyTable, paintSlice } from "../viewer/paint.js";

test("axial slices in radiological convention: the patient's left is on the right of the screen", () => {
  assert.deepEqual(edgeLetters("S,P,L"), { left: "R", right: "L", top: "A", bottom: "P" });
  assert.deepEqual(edgeLetters("I,A,R"), { left: "L", right: "R", top: "P", bottom: "A" });
});

test("no letter is better than a wrong one", () => {
  assert.equal(edgeLetters(null), null);
  assert.equal(edgeLetters("S,?,L"), null);
});

test("a slice is shown true to its millimetres and centred", () => {
  const frame = fit({ shape: [1, 100, 100], spacing: [5, 2, 1] }, 400, 400);
  assert.deepEqual(frame, { x: 2, y: 4, left: 100, top: 0 });
});

test("zooming keeps the voxel under the pointer", () => {
  const volume = { shape: [1, 50, 50], spacing: [1, 1, 1] };
  const before = fit(volume, 500, 500);
  const about = { x: 123, y: 321 };
  assert.deepEqual(voxelAt(zoomed(before, 3, about), volume, about), voxelAt(before, volume, about));
  assert.equal(voxelAt(before, volume, { x: -1, y: 3 }), null);
});

test("a window maps its lower end to black, its upper end to white, the middle to grey", () => {
  const table = greyTable({ centre: 40, width: 401 });
  const grey = (value) => table[value + 32768];
  assert.equal(grey(-161), 0);
  assert.equal(grey(240), 255);
  assert.ok(Math.abs(grey(40) - 127) <= 1);
  assert.equal(greyTable({ centre: 40, width: 401 }, true)[240 + 32768], 0);
});

test("the k-th slice is painted row by row, the mask only where it is set", () => {
  const volume = { shape: [2, 1, 3], values: Int16Array.from([0, 0, 0, -100, 0, 100]) };
  const pixels = new Uint32Array(3);
  const table = greyTable(fullWindow(volume.values));
  paintSlice(pixels, volume, 1, table);
  assert.deepEqual([...pixels].map((pixel) => pixel & 0xff), [table[-100 + 32768], table[32768], table[100 + 32768]]);
  paintSlice(pixels, volume, 1, table, Uint8Array.from([0, 0, 0, 0, 1, 0]), 1);
  assert.equal(pixels[1], ((0xff << 24) | (210 << 16) | (190 << 8) | 0) >>> 0);
  assert.equal(pixels[2] & 0xff, table[100 + 32768]);
});

test("stacks of other lengths follow at the same height", () => {
  assert.equal(sameHeight(10, 21, 41), 20);
  assert.equal(sameHeight(3, 5, 1), 0);
});
