// Writes beside each exam on the page what this browser knows of it: <span data-own-name="exam id" hidden>.
import { keptExams } from "./kept.js";
import { ownName } from "./match.js";

export async function nameExams() {
  const places = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-own-name]"))];
  if (places.length === 0) return;
  const rows = new Map((await keptExams()).map((row) => [row.exam, row]));
  for (const place of places) {
    const row = rows.get(place.dataset.ownName ?? "");
    place.textContent = row ? ownName(row) : "";
    place.hidden = !place.textContent;
  }
}
