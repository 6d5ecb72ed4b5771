import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { newRow, paintRow, totals } from "../upload/list.js";
import { Pace } from "../upload/pace.js";
import { click, openPage, words } from "./page.js";

const WORDS = words({
  sending: "Sending", sent: "Sent", failed: "Failed", waiting: "Waiting", retry: "Try again", drop: "Remove {name}", state: "State", name: "Name",
  files: "Files", size: "Size", progress: "Progress", progress_of: "Progress of {name}", count: "{done} of {all} sent", bytes: "{sent} of {all}", speed: "{speed}/s", left: "{time} left",
});
const group = { name: "<exam>", whole: false, files: [{ path: "1.dcm" }, { path: "2.dcm" }] };
let asked;
let item;

beforeEach(() => {
  openPage(WORDS);
  asked = [];
  const row = newRow(group, 4000, { retry: () => asked.push("retry"), drop: () => asked.push("drop") });
  item = { group, bytes: 4000, sent: 1000, state: "sending", reason: "", row };
  paintRow(item);
});

test("a row says name, files and size; the name is text", () => {
  assert.deepEqual([...item.row.row.cells].slice(0, 3).map((cell) => cell.textContent), ["<exam>", "2", "4 kB"]);
  assert.equal(item.row.progress.getAttribute("aria-label"), "Progress of <exam>");
});

test("what is on its way can be dropped, not tried again", () => {
  assert.equal(item.row.state.textContent, "Sending");
  assert.equal(item.row.progress.value, 0.25);
  assert.deepEqual([item.row.retry.hidden, item.row.drop.hidden], [true, false]);
  click(item.row.drop);
  assert.deepEqual(asked, ["drop"]);
});

test("a failure says its reason and offers another try", () => {
  Object.assign(item, { state: "failed", reason: "The disk of the server is full." });
  paintRow(item);
  assert.equal(item.row.detail.textContent, "The disk of the server is full.");
  assert.equal(item.row.retry.hidden, false);
  click(item.row.retry);
  assert.deepEqual(asked, ["retry"]);
});

test("what is sent stays in the list, full", () => {
  item.state = "sent";
  paintRow(item);
  assert.equal(item.row.progress.value, 1);
  assert.equal(item.row.drop.hidden, true);
});

test("one line for all: how many, how much, and once the speed is known how long", () => {
  const items = [item, { bytes: 6000, sent: 9000, state: "sent" }]; // a zip may turn out smaller than what was counted
  const pace = new Pace();
  assert.deepEqual(totals(items, pace), { share: 0.7, words: "1 of 2 sent · 7 kB of 10 kB" });
  pace.note(0, 0);
  pace.note(1000, 1000);
  assert.equal(totals(items, pace).words, "1 of 2 sent · 7 kB of 10 kB · 1 kB/s · 0:03 left");
  assert.deepEqual(totals([], new Pace()).share, 0);
});
