import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchMask, fetchVolume } from "../viewer/fetch.js";

function serve(body, { status = 200, ...headers } = {}) {
  globalThis.fetch = async () => new Response(body, { status, headers });
}

const VALUES = Int16Array.from([-1000, 0, 40, 3000]);
const SHAPE = { "X-Shape": "1,2,2" };

test("a volume is what the bytes and the headers say", async () => {
  serve(new Uint8Array(VALUES.buffer), { ...SHAPE, "X-Spacing": "5,0.7,0.7", "X-Window": "40,400", "X-Orientation": "S,P,L", "X-Units": "HU" });
  const shares = [];
  const volume = await fetchVolume("/v", { onPart: (share) => shares.push(share) });
  assert.deepEqual([...volume.values], [...VALUES]);
  assert.deepEqual(volume.spacing, [5, 0.7, 0.7]);
  assert.deepEqual(volume.window, { centre: 40, width: 400 });
  assert.deepEqual([volume.orientation, volume.units, volume.inverted], ["S,P,L", "HU", false]);
  assert.equal(shares.at(-1), 1);
});

test("what the file does not say has a plain meaning", async () => {
  serve(new Uint8Array(8), { ...SHAPE, "X-Spacing": "1,0,1", "X-Inverted": "1" });
  const volume = await fetchVolume("/v", {});
  assert.deepEqual([volume.spacing, volume.window, volume.orientation, volume.units, volume.inverted], [[1, 1, 1], null, null, "", true]);
});

test("a broken answer is an error and never half an image", async () => {
  for (const [body, headers, reason] of [
    [new Uint8Array(8), {}, /X-Shape/],
    [new Uint8Array(8), { "X-Shape": "1,2,0" }, /X-Shape/],
    [new Uint8Array(7), SHAPE, /volume size/],
    [new Uint8Array(9), SHAPE, /volume size/],
    [null, SHAPE, /volume size/],
    ["<p>gone</p>", { status: 410, "Content-Type": "text/html" }, /410/],
  ]) {
    serve(body, headers);
    await assert.rejects(fetchVolume("/v", {}), reason);
  }
});

test("a mask has a label for each voxel; none is no error, another size is", async () => {
  serve(Uint8Array.from([0, 1, 2, 0]));
  assert.deepEqual([...(await fetchMask("/m", 4, {}))], [0, 1, 2, 0]);
  await assert.rejects(fetchMask("/m", 5, {}), /mask size/);
  serve("", { status: 404 });
  assert.equal(await fetchMask("/m", 4, {}), null);
  serve("", { status: 500 });
  await assert.rejects(fetchMask("/m", 4, {}), /500/);
});
