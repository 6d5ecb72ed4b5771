// What every page needs: htmx with our CSRF header, menus, confirmation, messages, countdowns, copy buttons, keys.
import htmx from "htmx.org";
import { confirmation, installConfirm } from "./site/confirm.js";
import { installCountdowns } from "./site/countdown.js";
import { installKeys } from "./site/keys.js";
import { installMenus } from "./site/menus.js";
import { installOnce } from "./site/once.js";
import { installPictures } from "./site/pictures.js";
import { installToasts, toast } from "./site/toasts.js";
import { around, csrfToken, isTyping } from "./dom.js";
import { say } from "./words.js";

window.htmx = htmx;

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrfToken();
});
document.addEventListener("htmx:responseError", () => toast(say("answer_failed"), "error"));
document.addEventListener("htmx:sendError", () => toast(say("no_connection"), "error"));
document.addEventListener("htmx:confirm", async (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  if (await confirmation(event.detail.question, event.detail.elt)) event.detail.issueRequest(true);
});

installMenus();
installKeys();
installConfirm();
installToasts();
installCountdowns();
installOnce();
installPictures();

document.addEventListener("click", async (event) => {
  const copy = around(event, "[data-copy]");
  if (copy?.dataset.copy !== undefined) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    toast(copy.dataset.done ?? "", "success");
  }
  const sheet = document.getElementById(around(event, "[data-dialog]")?.dataset.dialog ?? "");
  if (sheet instanceof HTMLDialogElement) sheet.showModal();
});

document.addEventListener("change", (event) => {
  /** @type {HTMLFormElement | null} */ (around(event, "form[data-autosubmit]"))?.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || isTyping(event)) return;
  const sheet = /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog[data-keys]"));
  if (sheet) {
    event.preventDefault();
    sheet.showModal();
  }
});
