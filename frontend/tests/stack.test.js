import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { installHand } from "../viewer/hand.js";
import { click, load, openPage, press, turn, words } from "./page.js";

const WORDS = words({ loading: "{percent} %", image_failed: "No image: {reason}", mask_failed: "No mask: {reason}" });
const volume = (slices) => new Uint8Array(Int16Array.from({ length: slices * 4 }, (_, n) => n * 10).buffer);
const headers = (slices) => ({ "X-Shape": `${slices},2,2`, "X-Spacing": "5,1,1", "X-Window": "40,400", "X-Orientation": "S,P,L", "X-Units": "HU" });
const answers = {
  "/ct": () => new Response(volume(21), { headers: headers(21) }),
  "/late": () => new Response(volume(41), { headers: headers(41) }),
  "/mask": () => new Response(new Uint8Array(84)),
  "/gone": () => new Response("", { status: 410, headers: { "Content-Type": "text/html" } }),
};

beforeEach(() => {
  globalThis.fetch = async (url) => answers[url]();
  globalThis.ImageData = class {
    constructor(width, height) {
      this.data = new Uint8ClampedArray(width * height * 4);
    }
  };
});

/** A page with a viewer for each address, in one row; the stacks are seen by what they write on the page. */
async function open(...addresses) {
  const viewer = (address, n) => `<div data-viewer id="v${n}" data-volume="${address}" data-mask="/mask" data-title="Phase ${n}"></div>
    <div data-viewer-tools="v${n}"><label><input type="range" data-slice></label><label><input type="range" data-opacity></label>
    <select data-window><option value="file">file</option><option value="full">full</option><option value="40,80">brain</option></select>
    <button data-do="smooth" aria-pressed="false">px</button></div>`;
  openPage(`<div data-viewer-row>${addresses.map(viewer).join("")}</div>${WORDS}`);
  await load("../viewer.js");
  for (let n = 0; n < 20; n++) await turn();
}

const slider = (n = 0) => document.querySelector(`[data-viewer-tools=v${n}] [data-slice]`);
const note = (place, n = 0) => document.querySelector(`#v${n} .viewer-${place}`);

test("a volume opens in its middle, with its letters and its tools", async () => {
  await open("/ct");
  assert.equal(document.getElementById("v0").dataset.state, "ready");
  assert.deepEqual([slider().value, slider().max], ["11", "21"]);
  assert.deepEqual(["top", "bottom", "left", "right"].map((side) => note(side).textContent), ["A", "P", "R", "L"]);
  assert.equal(note("title").textContent, "Phase 0");
  assert.equal(note("status").hidden, true);
});

test("keys scroll and stop at the ends of the stack", async () => {
  await open("/ct");
  press("ArrowDown");
  assert.equal(slider().value, "12");
  press("PageUp");
  assert.equal(slider().value, "2");
  press("PageUp");
  assert.equal(slider().value, "1");
  press("End");
  assert.equal(slider().value, "21");
  assert.equal(press("x"), false, "a key without a meaning is left to the browser");
});

test("stacks of one row follow at the same height", async () => {
  await open("/ct", "/late");
  press("Home");
  assert.equal(slider(1).value, "1");
  for (let n = 0; n < 5; n++) press("ArrowDown");
  assert.deepEqual([slider(0).value, slider(1).value], ["6", "11"]);
});

test("the slider moves the slices, a button says what it has done", async () => {
  await open("/ct");
  slider().value = "3";
  slider().dispatchEvent(new Event("input"));
  press("ArrowDown");
  assert.equal(slider().value, "4");
  const smooth = document.querySelector("[data-do=smooth]");
  click(smooth);
  assert.equal(smooth.getAttribute("aria-pressed"), "true");
});

test("W goes through the windows of the list and comes back to the first", async () => {
  await open("/ct");
  const select = document.querySelector("[data-window]");
  const seen = [0, 1, 2].map(() => {
    press("w");
    return select.value;
  });
  assert.deepEqual(seen, ["full", "40,80", "file"]);
});

test("an image that does not come is said, and grading can see it", async () => {
  await open("/gone");
  assert.equal(document.getElementById("v0").dataset.state, "failed");
  assert.equal(note("status").textContent, "No image: 410");
});

test("a mask of another size is said, and the image stays", async () => {
  answers["/mask"] = () => new Response(new Uint8Array(3));
  await open("/ct");
  answers["/mask"] = () => new Response(new Uint8Array(84));
  assert.equal(note("status").textContent, "No mask: mask size");
  assert.equal(slider().max, "21");
});

/** A canvas whose hand writes down what it meant. */
function hand() {
  openPage("<canvas></canvas>");
  const canvas = document.querySelector("canvas");
  const meant = [];
  const names = ["activate", "scroll", "drag", "pan", "zoom", "window", "point"];
  installHand(canvas, Object.fromEntries(names.map((name) => [name, (...values) => name !== "point" && meant.push([name, ...values])])));
  canvas.setPointerCapture = () => {};
  const send = (type, options = {}) => {
    const event = new Event(type, { cancelable: true });
    canvas.dispatchEvent(Object.assign(event, { pointerId: 1, clientX: 0, clientY: 0, deltaY: 0, buttons: 1, pointerType: "mouse", ...options }));
    return event;
  };
  return { meant, send };
}

test("a notch of the wheel is one slice, and a touchpad's small steps add up", () => {
  const { meant, send } = hand();
  send("wheel", { deltaY: 100 });
  for (let n = 0; n < 3; n++) send("wheel", { deltaY: -15 });
  assert.deepEqual(meant, [["scroll", 1]]);
  send("wheel", { deltaY: -50 });
  assert.deepEqual(meant.at(-1), ["scroll", -1]);
});

test("the page does not scroll under the image", () => {
  assert.equal(hand().send("wheel", { deltaY: 1 }).defaultPrevented, true);
});

test("the left button sets the window, the right one or Shift pans, a finger scrolls", () => {
  const { meant, send } = hand();
  send("pointerdown");
  send("pointermove", { clientX: 5, clientY: 7 });
  send("pointermove", { clientX: 6, clientY: 7, buttons: 2 });
  send("pointermove", { clientX: 6, clientY: 9, shiftKey: true });
  send("pointermove", { clientX: 6, clientY: 12, pointerType: "touch" });
  send("pointerup");
  send("pointermove", { clientX: 90, clientY: 90 });
  assert.deepEqual(meant, [["activate"], ["window", 5, 7], ["pan", 1, 0], ["pan", 0, 2], ["drag", 3]]);
});

test("two fingers zoom by their distance about the middle between them", () => {
  const { meant, send } = hand();
  send("pointerdown", { pointerId: 1, clientX: 0, pointerType: "touch" });
  send("pointerdown", { pointerId: 2, clientX: 100, pointerType: "touch" });
  send("pointermove", { pointerId: 2, clientX: 200, pointerType: "touch" });
  assert.deepEqual(meant.slice(2), [["pan", 50, 0], ["zoom", 2, { x: 100, y: 0 }]]);
});
