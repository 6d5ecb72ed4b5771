// The table of what is on its way: one row an item, one line for all.
import { icon, make, statePill } from "../dom.js";
import { language, say } from "../words.js";
import { bytesIn, clock } from "./pace.js";

/** @type {Record<ItemState, [tone: string, icon: string]>} */
const LOOKS = {
  waiting: ["neutral", "hourglass-split"],
  packing: ["info", "file-earmark-zip"],
  sending: ["info", "cloud-arrow-up"],
  paused: ["warn", "pause-fill"],
  sent: ["good", "check-circle"],
  failed: ["bad", "exclamation-triangle"],
};

/**
 * @param {Group} group
 * @param {number} bytes
 * @param {{ retry(): void, drop(): void }} actions
 * @returns {ItemRow}
 */
export function newRow(group, bytes, actions) {
  const retry = make("button", { type: "button", class: "btn btn-sm btn-secondary", hidden: true }, icon("arrow-clockwise"), say("retry"));
  const drop = make("button", { type: "button", class: "btn btn-sm btn-quiet", "aria-label": say("drop", { name: group.name }) }, icon("x-lg"));
  retry.addEventListener("click", () => actions.retry());
  drop.addEventListener("click", () => actions.drop());
  const state = make("td", { "data-label": say("state") });
  const progress = make("progress", { max: 1, value: 0, "aria-label": say("progress_of", { name: group.name }) });
  const detail = make("div", { class: "text-muted" });
  const row = make(
    "tr",
    { class: "upload-row" },
    make("th", { scope: "row", "data-label": say("name"), text: group.name }),
    make("td", { class: "num", "data-label": say("files"), text: new Intl.NumberFormat(language()).format(group.files.length) }),
    make("td", { class: "num", "data-label": say("size"), text: bytesIn(language(), bytes) }),
    state,
    make("td", { "data-label": say("progress") }, make("div", {}, progress, detail)),
    make("td", { class: "fit" }, retry, drop),
  );
  return { row, state, progress, detail, retry, drop };
}

/** @param {Item} item */
export function paintRow(item) {
  const { row, state, progress, detail, retry, drop } = item.row;
  const [tone, sign] = LOOKS[item.state];
  if (row.dataset.state !== item.state) {
    row.dataset.state = item.state;
    state.replaceChildren(statePill(tone, sign, say(item.state)));
    retry.hidden = item.state !== "failed";
    drop.hidden = item.state === "sent";
  }
  progress.value = item.state === "sent" ? 1 : item.bytes ? item.sent / item.bytes : 0;
  detail.textContent = item.reason;
}

/**
 * One line on all items: how many, how much, how fast, how long still.
 * @param {Pick<Item, "bytes" | "sent" | "state">[]} items
 * @param {import("./pace.js").Pace} pace
 */
export function totals(items, pace) {
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  const sent = items.reduce((sum, item) => sum + Math.min(item.sent, item.bytes), 0);
  const done = items.filter((item) => item.state === "sent").length;
  const words = language();
  const parts = [say("count", { done, all: items.length }), say("bytes", { sent: bytesIn(words, sent), all: bytesIn(words, bytes) })];
  const left = pace.secondsFor(bytes - sent);
  if (left !== null && sent < bytes) parts.push(say("speed", { speed: bytesIn(words, pace.speed()) }), say("left", { time: clock(left) }));
  return { share: bytes ? sent / bytes : 0, words: parts.join(" · ") };
}
