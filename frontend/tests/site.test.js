import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { confirmation, installConfirm } from "../site/confirm.js";
import { installCountdowns, remaining } from "../site/countdown.js";
import { installKeys } from "../site/keys.js";
import { installMenus } from "../site/menus.js";
import { installOnce } from "../site/once.js";
import { installToasts, toast } from "../site/toasts.js";
import { click, openPage, press, turn, words } from "./page.js";

const DIALOG = `<dialog id="confirm"><h2 id="confirm-title" data-default="Are you sure?"></h2><p id="confirm-text"></p>
  <button id="confirm-yes" data-default="Yes"></button></dialog>`;
const $ = (selector) => document.querySelector(selector);

function answer(value) {
  $("#confirm").close(value);
  return turn();
}

test("a question shows its own words, else the usual ones", async () => {
  openPage(`${DIALOG}<form data-confirm-yes="Freeze" data-confirm-danger></form>`);
  const asked = confirmation("Freeze the sets?", $("form"));
  assert.equal($("#confirm-text").textContent, "Freeze the sets?");
  assert.equal($("#confirm-title").textContent, "Are you sure?");
  assert.equal($("#confirm-yes").textContent, "Freeze");
  assert.equal($("#confirm-yes").className, "btn btn-danger");
  await answer("yes");
  assert.equal(await asked, true);
  const again = confirmation("Release?");
  assert.equal($("#confirm-yes").textContent, "Yes");
  assert.equal($("#confirm-yes").className, "btn btn-primary");
  await answer("no");
  assert.equal(await again, false);
});

test("a form with a question goes once it is answered with yes, and is asked anew the next time", async () => {
  openPage(`${DIALOG}<form data-confirm="Release?"><button>Release</button></form>`);
  installConfirm();
  let sent = 0;
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    sent += 1;
  });
  for (const [word, expected] of [["no", 0], ["yes", 1], ["no", 1]]) {
    $("form").requestSubmit($("button"));
    assert.equal(sent, expected - (word === "yes" ? 1 : 0), "nothing goes before the answer");
    await answer(word);
    assert.equal(sent, expected);
  }
});

test("what is left, in days and a clock", () => {
  assert.deepEqual(remaining(2 * 86_400_000 + 4 * 3_600_000 + 3 * 60_000 + 2999), { days: 2, clock: "04:03:02" });
  assert.deepEqual(remaining(-5), { days: 0, clock: "00:00:00" });
});

test("a countdown runs by the server's clock and says when it is over", (context) => {
  mock.timers.enable({ apis: ["setInterval", "Date"], now: Date.parse("2026-01-01T12:10:00Z") }); // ten minutes ahead of the server
  context.after(() => mock.timers.reset());
  openPage(
    `<time data-countdown datetime="2026-01-01T12:00:02Z" data-over="closed">1 Jan</time>
     <time data-countdown datetime="2026-01-03T12:00:00Z" data-over="closed">3 Jan</time>${words({ days_and_clock: "{days} d {clock}" })}`,
    '<meta name="server-time" content="2026-01-01T12:00:00Z">',
  );
  installCountdowns();
  const [soon, later] = document.querySelectorAll("time");
  assert.equal(soon.textContent, "00:00:02");
  assert.equal(soon.title, "1 Jan");
  assert.equal(later.textContent, "2 d 00:00:00");
  mock.timers.tick(2000);
  assert.equal(soon.textContent, "closed");
  assert.equal(later.textContent, "1 d 23:59:58");
});

test("a button's key is the button; a button at rest and another key are passed over", () => {
  openPage('<button data-key="c" disabled>1</button><button id="go" data-key="c,Enter">2</button><a href="#x">link</a>');
  installKeys();
  let clicks = 0;
  $("#go").addEventListener("click", () => (clicks += 1));
  assert.equal(press("C"), true);
  assert.equal(press("Enter"), true);
  assert.equal(press("Enter", $("a")), false, "Enter on a link is the link's");
  assert.equal(press("c", document.body, { shiftKey: true }), false);
  assert.equal(press("x"), false);
  assert.equal(clicks, 2);
});

test("a key may lead to a field in place of a click", () => {
  openPage('<label data-key="r" data-key-focus="#note">Refuse</label><textarea id="note"></textarea>');
  installKeys();
  press("r");
  assert.equal(document.activeElement, $("#note"));
});

test("menus close on Escape, on a click elsewhere and when another opens", () => {
  openPage('<details class="menu" id="a" open><summary>A</summary><p>a</p></details><details class="menu" id="b"><summary>B</summary></details><main></main>');
  installMenus();
  click($("#a p"));
  assert.equal($("#a").open, true);
  click($("main"));
  assert.equal($("#a").open, false);
  $("#a").open = true;
  press("Escape");
  assert.equal($("#a").open, false);
  assert.equal(document.activeElement, $("#a summary"));
  $("#a").open = true;
  $("#b").open = true;
  $("#b").dispatchEvent(new Event("toggle"));
  assert.equal($("#a").open, false);
  assert.equal($("#b").open, true);
});

test("the button that sent a form rests until the page is shown again; a GET form and a refused one do not", async () => {
  openPage('<form method="post" id="p"><button>Send</button></form><form method="get" id="g"><button>Find</button></form>');
  installOnce();
  document.querySelectorAll("form").forEach((form) => form.addEventListener("submit", (event) => form.dataset.refused !== undefined && event.preventDefault()));
  const submit = (form) => form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true, submitter: form.querySelector("button") }));
  $("#p").dataset.refused = "";
  submit($("#p"));
  submit($("#g"));
  await turn();
  assert.equal($("#p button").disabled || $("#g button").disabled, false);
  delete $("#p").dataset.refused;
  submit($("#p"));
  assert.equal($("#p button").disabled, false, "its own value still goes with the form");
  await turn();
  assert.equal($("#p button").disabled, true);
  window.dispatchEvent(new Event("pageshow"));
  assert.equal($("#p button").disabled, false);
  assert.equal($("#p button").hasAttribute("aria-busy"), false);
});

test("messages leave by themselves, errors stay until they are dismissed", (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  openPage('<div id="toasts"></div>');
  installToasts();
  toast("Saved", "success");
  toast("<b>Failed</b>", "error");
  toast("Who knows", "unheard-of");
  assert.deepEqual([...document.querySelectorAll(".message")].map((each) => each.className), ["message tone-good", "message tone-bad", "message tone-info"]);
  mock.timers.tick(6000);
  assert.equal($("#toasts").textContent, "<b>Failed</b>");
  click($("[data-close] svg"));
  assert.equal($("#toasts").children.length, 0);
});

test("the server's message arrives as an event, as text or as a bare value", () => {
  openPage('<div id="toasts"></div>');
  installToasts();
  document.dispatchEvent(new CustomEvent("toast", { detail: { text: "Graded", level: "error" } }));
  document.dispatchEvent(new CustomEvent("toast", { detail: { value: "Undone", level: "error" } }));
  assert.deepEqual([...document.querySelectorAll(".message-body")].map((each) => each.textContent), ["Graded", "Undone"]);
});
