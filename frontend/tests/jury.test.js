import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { load, openPage, press, words } from "./page.js";

const MARKS = [0, 1, 2, 3, 4];
const criterion = (name, mark) =>
  `<fieldset class="criterion" id="${name}">${MARKS.map((n) => `<input type="radio" name="${name}" value="${n}"${n === mark ? " checked" : ""}>`).join("")}</fieldset>`;
const current = () => document.querySelector(".is-current").id;
const total = () => document.querySelector("[data-total]").textContent;
const ready = () => document.querySelector("form button").getAttribute("aria-disabled");
let sent;

async function open(...marks) {
  const fields = ["liver", "tumour", "necrosis"].map((name, n) => criterion(name, marks[n])).join("");
  openPage(`<form data-jury>${fields}<strong data-total></strong><button>Save</button></form><div id="toasts"></div>${words({ mark_all: "Mark every criterion first." })}`);
  await load("../jury.js");
  sent = 0;
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    sent += 1;
  });
}

beforeEach(() => open());

test("a digit marks the current criterion and goes on to the next; the total is the sum", () => {
  press("3");
  press("4");
  assert.equal(current(), "necrosis");
  assert.equal(total(), "7");
  assert.equal(document.querySelector("#tumour :checked").value, "4");
});

test("a digit that is no mark is left to the browser", () => {
  assert.equal(press("7"), false);
  assert.equal(current(), "liver");
  assert.equal(total(), "0");
});

test("work begins at the first criterion without a mark", async () => {
  await open(2, undefined, 1);
  assert.equal(current(), "tumour");
  assert.equal(total(), "3");
});

test("arrows move within the criteria and stop at the ends", () => {
  press("ArrowLeft");
  assert.equal(current(), "liver");
  for (let n = 0; n < 5; n++) press("ArrowRight");
  assert.equal(current(), "necrosis");
});

test("arrows on a radio button are the browser's", () => {
  assert.equal(press("ArrowRight", document.querySelector("#liver input")), false);
  assert.equal(current(), "liver");
});

test("a click on a mark makes its criterion the current one", () => {
  const mark = document.querySelector('#necrosis [value="1"]');
  mark.checked = true;
  mark.dispatchEvent(new Event("change", { bubbles: true }));
  assert.equal(current(), "necrosis");
  assert.equal(total(), "1");
});

test("Enter sends when every criterion has a mark, and says what lacks before", () => {
  press("2");
  press("Enter");
  assert.equal(sent, 0);
  assert.equal(current(), "tumour");
  assert.match(document.getElementById("toasts").textContent, /Mark every criterion first/);
  assert.equal(ready(), "true");
  press("2");
  press("0");
  assert.equal(ready(), "false");
  press("Enter");
  assert.equal(sent, 1);
});
