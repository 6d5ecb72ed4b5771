// Short messages that need no answer. The server sends one with the header HX-Trigger: {"toast": {"text": "…", "level": "success"}}.
import { around, icon, make } from "../dom.js";
import { say } from "../words.js";

/** @type {Record<string, [tone: string, icon: string]>} */
const LOOKS = {
  success: ["good", "check-circle"],
  warning: ["warn", "exclamation-triangle"],
  error: ["bad", "x-octagon"],
  info: ["info", "info-circle"],
};
const SHOWN_MS = 6000;

/**
 * Shows `text`; errors stay until dismissed, the rest leave by themselves.
 * @param {string} text
 * @param {string} [level]
 */
export function toast(text, level = "info") {
  const [tone, sign] = LOOKS[level] ?? LOOKS.info;
  const close = make("button", { type: "button", class: "message-close", "data-close": true, "aria-label": say("dismiss") }, icon("x-lg"));
  const message = make("div", { class: `message tone-${tone}` }, icon(sign), make("div", { class: "message-body", text }), close);
  document.getElementById("toasts")?.append(message);
  if (level !== "error") setTimeout(() => message.remove(), SHOWN_MS);
}

export function installToasts() {
  document.addEventListener("click", (event) => {
    around(event, "[data-close]")?.closest(".message")?.remove();
  });
  document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value ?? "", event.detail.level));
}
