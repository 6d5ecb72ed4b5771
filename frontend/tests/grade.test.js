import assert from "node:assert/strict";
import { test } from "node:test";
import { load, openPage, press } from "./page.js";

const FORM = `<form data-grading><input name="seconds">
  ${["A", "B", "C", "D"].map((grade) => `<input type="radio" name="grade" value="${grade}">`).join("")}
  <textarea id="comment"></textarea><a data-next href="#next">Next</a></form>`;

async function open(viewer = "") {
  openPage(viewer + FORM);
  await load("../grade.js");
  const sent = [];
  // Bubbling comes after the module's own listener: what it refused is seen as refused.
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) sent.push(...[...document.querySelectorAll("[name=grade]")].filter((grade) => grade.checked).map((grade) => grade.value));
    event.preventDefault();
  });
  return sent;
}

test("a letter grades and sends, in either case", async () => {
  const sent = await open();
  assert.equal(press("b"), true);
  assert.equal(press("D"), true);
  assert.deepEqual(sent, ["B", "D"]);
});

test("a letter that is no grade, a key held down and a letter in the comment do nothing", async () => {
  const sent = await open();
  assert.equal(press("e"), false);
  assert.equal(press("a", document.body, { repeat: true }), false);
  assert.equal(press("a", document.getElementById("comment")), false);
  assert.deepEqual(sent, []);
});

test("a grade that cannot be given is not given", async () => {
  const sent = await open();
  document.querySelector("[value=A]").disabled = true;
  press("a");
  assert.deepEqual(sent, []);
});

test("nothing is sent while an image is on its way; the choice stands", async () => {
  const sent = await open('<div data-viewer data-volume="/v" data-state="loading"></div>');
  press("c");
  assert.deepEqual(sent, []);
  assert.equal(document.querySelector("[value=C]").checked, true);
  for (const [n, state] of ["shown", "ready", "failed"].entries()) {
    document.querySelector("[data-viewer]").dataset.state = state;
    press("c");
    assert.equal(sent.length, n + 1, state);
  }
});

test("the seconds spent go with the grade", async () => {
  await open();
  press("a");
  assert.match(document.querySelector("[name=seconds]").value, /^\d+$/);
});

test("N goes to the next exam", async () => {
  await open();
  let clicks = 0;
  document.querySelector("[data-next]").addEventListener("click", () => (clicks += 1));
  assert.equal(press("n"), true);
  assert.equal(clicks, 1);
});

test("a page without the form is left alone", async () => {
  openPage("<p>Nothing to grade</p>");
  await load("../grade.js");
  assert.equal(press("a"), false);
});
