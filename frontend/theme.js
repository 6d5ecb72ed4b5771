// Runs before the first paint: the remembered theme, else the system's. Small and blocking on purpose, so nothing flashes.
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
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
}

apply();
dark.addEventListener("change", apply);
window.addEventListener("storage", apply);
document.addEventListener("DOMContentLoaded", apply);
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-theme-choice]");
  if (!button) return;
  try {
    localStorage.setItem(KEY, button.dataset.themeChoice);
  } catch {
    // not remembered, still applied below through the attribute
    document.documentElement.setAttribute("data-bs-theme", button.dataset.themeChoice);
    return;
  }
  apply();
});
