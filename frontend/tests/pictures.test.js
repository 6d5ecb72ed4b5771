import assert from "node:assert/strict";
import test from "node:test";
import { nextTry } from "../site/pictures.js";

test("a picture that the server could not draw now is asked for again when the server says, a few times", () => {
  assert.equal(nextTry(503, "10", 1), 10);
  assert.equal(nextTry(503, "10", 5), 0);
  assert.equal(nextTry(503, null, 1), 0);
  assert.equal(nextTry(404, "10", 1), 0);
});
