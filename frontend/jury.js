// Jury marks: keys 0 to 4 mark the current criterion and go on to the next; arrows move, Enter sends when all are marked.
import { around, isTyping } from "./dom.js";
import { toast } from "./site/toasts.js";
import { say } from "./words.js";

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-jury]"));
if (form) {
  const criteria = [.../** @type {NodeListOf<HTMLFieldSetElement>} */ (form.querySelectorAll("fieldset.criterion"))];
  const total = form.querySelector("[data-total]");
  const send = form.querySelector("button:not([type=button])");
  let current = Math.max(0, criteria.findIndex((criterion) => !marked(criterion)));
  paint();

  form.addEventListener("change", (event) => {
    const touched = criteria.findIndex((criterion) => criterion === around(event, "fieldset.criterion"));
    if (touched >= 0) current = touched;
    paint();
  });
  form.addEventListener("submit", (event) => {
    const open = criteria.findIndex((criterion) => !marked(criterion));
    if (open < 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    current = open;
    paint();
    toast(say("mark_all"), "warning");
  });

  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.repeat) return;
    const choice = /** @type {HTMLInputElement | null | undefined} */ (criteria[current]?.querySelector(`input[value="${CSS.escape(event.key)}"]`));
    if (/^[0-9]$/.test(event.key) && choice) {
      event.preventDefault();
      choice.checked = true;
      current = Math.min(criteria.length - 1, current + 1);
      paint();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      if (around(event, "input[type=radio], input[type=range]")) return;
      event.preventDefault();
      current = Math.max(0, Math.min(criteria.length - 1, current + (event.key === "ArrowRight" ? 1 : -1)));
      paint();
    } else if (event.key === "Enter" && !around(event, "button, a, summary")) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  /** @param {HTMLFieldSetElement} criterion */
  function marked(criterion) {
    return markOf(criterion) !== undefined;
  }

  /**
   * The value of the mark that is set.
   * @param {HTMLFieldSetElement} criterion
   */
  function markOf(criterion) {
    return /** @type {HTMLInputElement | null} */ (criterion.querySelector("input:checked"))?.value;
  }

  function paint() {
    criteria.forEach((criterion, n) => criterion.classList.toggle("is-current", n === current));
    const sum = criteria.reduce((all, criterion) => all + Number(markOf(criterion) ?? 0), 0);
    if (total) total.textContent = String(sum);
    if (send) send.setAttribute("aria-disabled", String(!criteria.every(marked)));
  }
}
