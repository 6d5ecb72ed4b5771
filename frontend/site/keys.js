// A button with data-key="c" is also that key: <button data-key="c,Enter">. Focus goes where data-key-focus points.
import { around, isTyping } from "../dom.js";

export function installKeys() {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.repeat || event.shiftKey) return;
    // Enter on a link or button is its own.
    if (event.key === "Enter" && around(event, "a, button, summary, input")) return;
    for (const element of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-key]"))) {
      const keys = (element.dataset.key ?? "").split(",").map((key) => key.toLowerCase());
      if (!keys.includes(event.key.toLowerCase()) || element.disabled) continue;
      event.preventDefault();
      const target = element.dataset.keyFocus ? /** @type {HTMLElement | null} */ (document.querySelector(element.dataset.keyFocus)) : null;
      if (target) target.focus();
      else element.click();
      return;
    }
  });
}
