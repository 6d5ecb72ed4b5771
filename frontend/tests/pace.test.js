import assert from "node:assert/strict";
import { test } from "node:test";
import { remaining } from "../site/countdown.js";
import { bytesIn, clock, Pace } from "../upload/pace.js";
import { fill } from "../words.js";

test("speed and time left come from the last seconds", () => {
  const pace = new Pace();
  assert.equal(pace.secondsFor(10), null);
  pace.note(0, 0);
  pace.note(4_000_000, 2000);
  assert.equal(pace.speed(), 2_000_000);
  assert.equal(pace.secondsFor(10_000_000), 5);
});

test("sizes, clocks and countdowns read well", () => {
  assert.equal(bytesIn("en", 1_536_000), "1.5 MB");
  assert.equal(bytesIn("fr", 1_536_000), "1,5 MB");
  assert.equal(bytesIn("en", 0), "0 B");
  assert.equal(clock(65), "1:05");
  assert.equal(clock(3725), "1:02:05");
  assert.deepEqual(remaining(90_061_000), { days: 1, clock: "01:01:01" });
  assert.deepEqual(remaining(-5), { days: 0, clock: "00:00:00" });
});

test("holes are filled, unknown ones stay", () => {
  assert.equal(fill("{a} of {b}", { a: 1 }), "1 of {b}");
});
