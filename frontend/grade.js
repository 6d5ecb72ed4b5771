// Grading: A, B, C, D choose and send, N goes to the next exam, the viewer has the other keys. ? is the site's help sheet.
import { isTyping } from "./dom.js";

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-grading]"));
if (form) {
  const next = /** @type {HTMLElement | null} */ (form.querySelector("[data-next]") ?? document.querySelector("[data-next]"));
  // Seconds a reader looked at this exam, for the reader's own statistics.
  const opened = performance.now();
  form.addEventListener("submit", (event) => {
    // A grade is given to what was seen: while an image is on its way the choice stands, and is not sent.
    if (document.querySelector("[data-viewer][data-volume]:not([data-state=shown], [data-state=ready], [data-state=failed])")) {
      event.preventDefault();
      return;
    }
    const seconds = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=seconds]"));
    if (seconds) seconds.value = String(Math.round((performance.now() - opened) / 1000));
  });

  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.repeat) return; // a key held down must not grade the next exam as well
    const key = event.key.toLowerCase();
    const choice = /** @type {HTMLInputElement | null} */ (
      form.querySelector(`input[name=grade][value="${CSS.escape(event.key.toUpperCase())}"]`)
    );
    if (choice && !choice.disabled && key.length === 1) {
      event.preventDefault();
      choice.checked = true;
      choice.dispatchEvent(new Event("change", { bubbles: true }));
      form.requestSubmit();
    } else if (key === "n" && next) {
      event.preventDefault();
      next.click();
    }
  });

  // The server prepares the next exam while this one is read. Nothing is kept in the browser: reading rooms share computers.
  const ahead = form.dataset.nextVolume;
  if (ahead) window.addEventListener("load", () => fetch(ahead, { method: "HEAD", credentials: "same-origin", priority: "low" }).catch(() => {}));
}
