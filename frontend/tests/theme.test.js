import assert from "node:assert/strict";
import { test } from "node:test";
import { click, load, openPage } from "./page.js";

const MENU = ["light", "dark", "auto"].map((choice) => `<button data-theme-choice="${choice}"><i>${choice}</i></button>`).join("");
const theme = () => document.documentElement.getAttribute("data-bs-theme");
const pressed = () => document.querySelector('[aria-pressed="true"]')?.dataset.themeChoice;

async function open({ dark = false, remembered = null, forbidden = false } = {}) {
  const window = openPage(MENU);
  const listeners = [];
  const query = { matches: dark, addEventListener: (_, listener) => listeners.push(listener) };
  window.matchMedia = () => query;
  if (remembered) localStorage.setItem("concours-theme", remembered);
  if (forbidden) {
    const refuse = () => {
      throw new Error("storage is forbidden");
    };
    Object.defineProperty(globalThis, "localStorage", { value: { getItem: refuse, setItem: refuse }, configurable: true });
  }
  await load("../theme.js");
  return { system: (matches) => listeners.forEach((listener) => listener((query.matches = matches))) };
}

test("without a choice the page follows the system, and goes on following it", async () => {
  const { system } = await open({ dark: true });
  assert.equal(theme(), "dark");
  assert.equal(pressed(), "auto");
  system(false);
  assert.equal(theme(), "light");
});

test("a remembered choice holds against the system", async () => {
  const { system } = await open({ dark: true, remembered: "light" });
  assert.equal(theme(), "light");
  system(true);
  assert.equal(theme(), "light");
});

test("a click chooses, shows the choice and remembers it", async () => {
  await open();
  click(document.querySelector('[data-theme-choice="dark"] i'));
  assert.equal(theme(), "dark");
  assert.equal(pressed(), "dark");
  assert.equal(localStorage.getItem("concours-theme"), "dark");
});

test("where storage is forbidden the choice holds for the page, and automatic means the system's", async () => {
  await open({ dark: true, forbidden: true });
  click(document.querySelector('[data-theme-choice="light"]'));
  assert.equal(theme(), "light");
  click(document.querySelector('[data-theme-choice="auto"]'));
  assert.equal(theme(), "dark");
});
