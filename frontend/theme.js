// Runs before the first paint: the remembered theme, else the system's. Small and blocking on purpose, so nothing flashes.
import { around } from "./dom.js";

const KEY = "concours-theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  try {
    return localStorage.getItem(KEY) || "auto";
  } catch {
    return "auto"; // storage may be forbidden; the system's theme then
  }
}

function apply() {
  const choice = chosen();
  const theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
  document.documentElement.setAttribute("data-bs-theme", theme);
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-theme-choice]"))) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
}

apply();
dark.addEventListener("change", apply);
window.addEventListener("storage", apply);
document.addEventListener("DOMContentLoaded", apply);
document.addEventListener("click", (event) => {
  const choice = around(event, "[data-theme-choice]")?.dataset.themeChoice;
  if (!choice) return;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // not remembered, still applied below through the attribute
    document.documentElement.setAttribute("data-bs-theme", choice === "auto" ? (dark.matches ? "dark" : "light") : choice);
    return;
  }
  apply();
});
