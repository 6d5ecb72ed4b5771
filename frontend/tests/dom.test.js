import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { around, csrfToken, icon, isTyping, make, statePill } from "../dom.js";
import { fill, language, say } from "../words.js";
import { openPage, words } from "./page.js";

beforeEach(() => openPage(
  `<svg class="icon"><use href="/static/dist/icons.1a2b.svg#x"></use></svg>${words({ slice: "Slice {n} of {all}" })}
   <form><input id="name"><input id="yes" type="checkbox"><textarea id="note"></textarea><button><b id="inner">Go</b></button></form>`,
  '<meta name="csrf-token" content="t0ken">',
));

const keyOn = (id, options = {}) => ({ target: document.getElementById(id), ...options });

test("what a file is called stays text", () => {
  const cell = make("td", { class: "num", text: "<img src=x>" });
  assert.equal(cell.children.length, 0);
  assert.equal(cell.textContent, "<img src=x>");
});

test("attributes: true stands alone, false and nothing are left out, numbers are written", () => {
  const progress = make("progress", { max: 1, hidden: true, disabled: false, title: undefined, lang: null });
  assert.deepEqual(progress.getAttributeNames().sort(), ["hidden", "max"]);
  assert.equal(progress.getAttribute("hidden"), "");
});

test("children may be missing", () => {
  assert.equal(make("p", {}, "a", null, make("b", { text: "c" }), undefined).textContent, "ac");
});

test("icons come from the page's own sprite, its version included", () => {
  assert.equal(icon("trophy").querySelector("use").getAttribute("href"), "/static/dist/icons.1a2b.svg#trophy");
  openPage();
  assert.equal(icon("trophy").querySelector("use").getAttribute("href"), "/static/dist/icons.svg#trophy");
});

test("a state is a pill of icon and word", () => {
  const pill = statePill("good", "check-circle", "Sent");
  assert.equal(pill.className, "state tone-good");
  assert.equal(pill.querySelector("svg").getAttribute("aria-hidden"), "true");
  assert.equal(pill.textContent, "Sent");
});

test("the token of the page goes with requests, none where there is none", () => {
  assert.equal(csrfToken(), "t0ken");
  openPage();
  assert.equal(csrfToken(), "");
});

test("around finds the element that was hit or one that holds it", () => {
  assert.equal(around({ target: document.getElementById("inner") }, "button")?.tagName, "BUTTON");
  assert.equal(around({ target: document }, "button"), null);
});

test("keys in a text field, with a modifier, while composing or in a dialog are no shortcuts", () => {
  assert.equal(isTyping(keyOn("name")), true);
  assert.equal(isTyping(keyOn("note")), true);
  assert.equal(isTyping(keyOn("yes")), false);
  assert.equal(isTyping(keyOn("inner")), false);
  assert.equal(isTyping(keyOn("inner", { ctrlKey: true })), true);
  assert.equal(isTyping(keyOn("inner", { isComposing: true })), true);
  document.body.append(make("dialog", { open: true }));
  assert.equal(isTyping(keyOn("inner")), true);
});

test("words are the page's, with their holes filled; a missing word says its name", () => {
  assert.equal(say("slice", { n: 3, all: 40 }), "Slice 3 of 40");
  assert.equal(say("nowhere"), "nowhere");
  assert.equal(fill("{a} {b}", { a: 0 }), "0 {b}");
});

test("numbers follow the page's language, English where it says none", () => {
  assert.equal(language(), "en");
  document.documentElement.lang = "fr";
  assert.equal(language(), "fr");
});
