// The centre's list of exams: what this browser knows of them beside each, and finding an exam by a patient's number.
import { icon, make } from "./dom.js";
import { confirmation } from "./site/confirm.js";
import { language, say } from "./words.js";
import { examsOfPatient, nameReceived, RefusedByServer } from "./exams/asking.js";
import { forgetAll, keepExams, keptExams } from "./exams/kept.js";
import { nameExams } from "./exams/names.js";
import { fromCsv, toCsv } from "./exams/table.js";

class OwnList {
  /** @type {HTMLElement} */
  #root;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    this.#part("[data-find]").addEventListener("submit", (event) => {
      event.preventDefault(); // nothing of this form is ever sent
      this.#find();
    });
    this.#part("[data-export]").addEventListener("click", () => this.#export());
    this.#part("[data-forget]").addEventListener("click", () => this.#forget());
    const file = /** @type {HTMLInputElement} */ (this.#part("[data-file]"));
    this.#part("[data-import]").addEventListener("click", () => file.click());
    file.addEventListener("change", () => this.#import(file));
    root.hidden = false;
    this.count();
  }

  /**
   * A part of the block that templates/uploads/own_list.html always has.
   * @param {string} selector
   */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }

  /** Says how many exams this browser knows, and names those on the page. */
  async count() {
    const rows = await keptExams();
    this.#part("[data-kept]").textContent = say("kept", { count: new Intl.NumberFormat(language()).format(rows.length) });
    for (const name of ["[data-export]", "[data-forget]"]) this.#part(name).toggleAttribute("disabled", rows.length === 0);
    await nameExams();
  }

  async #find() {
    const number = /** @type {HTMLInputElement} */ (this.#part("[data-patient]")).value.trim();
    const answer = this.#part("[data-found]");
    if (!number) return;
    answer.replaceChildren(say("looking"));
    try {
      const exams = await examsOfPatient((this.#root.dataset.centres ?? "").split(" "), this.#root.dataset.challenge ?? "", number);
      answer.replaceChildren(...(exams.length ? [make("ul", { class: "mb-0" }, ...exams.map(examLink))] : [say("no_exam")]));
    } catch (error) {
      answer.replaceChildren(...this.#why(error));
    }
  }

  /** @param {unknown} error */
  #why(error) {
    const words = error instanceof Error ? error.message : "";
    if (!(error instanceof RefusedByServer) || error.reason !== "sign_in_again") return [words || say("not_asked")];
    const address = `${this.#root.dataset.again}?${new URLSearchParams({ next: location.pathname })}`;
    return [say("sign_in_again"), " ", make("a", { href: address }, icon("shield-lock"), say("enter_password"))];
  }

  async #export() {
    const blob = new Blob([toCsv(await keptExams())], { type: "text/csv;charset=utf-8" });
    const link = make("a", { href: URL.createObjectURL(blob), download: say("file_name") });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  /** @param {HTMLInputElement} input */
  async #import(input) {
    const [file] = input.files ?? [];
    if (!file) return;
    const rows = fromCsv(await file.text());
    input.value = "";
    const told = this.#part("[data-told]");
    if (rows === null) {
      told.textContent = say("not_a_list");
      return;
    }
    await keepExams(rows);
    told.textContent = say("imported", { count: rows.length });
    await this.count();
  }

  async #forget() {
    const button = this.#part("[data-forget]");
    if (!(await confirmation(button.dataset.ask ?? "", button))) return;
    await forgetAll();
    this.#part("[data-told]").textContent = say("forgotten");
    await this.count();
  }
}

/** @param {NamedExam} exam */
function examLink(exam) {
  return make("li", {}, make("a", { href: `/exams/${exam.id}/`, text: say("exam", { number: exam.number }) }), ` ${exam.question}`);
}

const roots = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-own-list]"));
const lists = [...roots].map((root) => new OwnList(root));

async function refresh() {
  if (lists.length > 0) await Promise.all(lists.map((list) => list.count()));
  else await nameExams();
}

document.addEventListener("htmx:afterSwap", nameExams); // the table asks for itself again
nameReceived().then(refresh, refresh); // exams received meanwhile count too
