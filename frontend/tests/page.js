// A page for the unit tests: the document of a small DOM library in the place of the browser's. The browser tests see the real one.
import { Window } from "happy-dom";

const NAMES = [
  "document", "window", "Element", "Node", "HTMLElement", "HTMLDialogElement", "HTMLDetailsElement", "HTMLFormElement", "Event", "CustomEvent",
  "KeyboardEvent", "MouseEvent", "SubmitEvent", "PointerEvent", "WheelEvent", "localStorage", "CSS", "navigator", "ResizeObserver", "requestAnimationFrame",
];
let loaded = 0;

/** Makes `body` the page that modules see from now on. */
export function openPage(body = "", head = "") {
  const window = new Window({ url: "https://concours.example/" });
  for (const name of NAMES) {
    const value = name === "window" ? window : window[name];
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  window.document.head.innerHTML = head; // eslint-disable-line no-restricted-properties
  window.document.body.innerHTML = body; // eslint-disable-line no-restricted-properties
  return window;
}

/** A fresh copy of a module that acts on the page when it is loaded: load("../grade.js"). */
export function load(module) {
  loaded += 1;
  return import(`${module}?copy=${loaded}`);
}

/** Presses a key on `target` (the body, where none is named); true where somebody took it. */
export function press(key, target = document.body, options = {}) {
  return !target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }));
}

/** Clicks, bubbling as a real click does. */
export function click(target) {
  target.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
}

/** Words of the page, as templates/components/words_*.html hold them. */
export function words(entries) {
  return `<template data-words>${Object.entries(entries).map(([name, text]) => `<span data-word="${name}">${text}</span>`).join("")}</template>`;
}

/** One turn of the event loop, so that what waits may go on. */
export function turn() {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
