// The upload page: drop folders, files or archives; each exam goes as one zip over tus, with progress, pause and resume.
import { say } from "./words.js";
import { nameReceived } from "./exams/asking.js";
import { awaitExams, keeps, setKeeps } from "./exams/kept.js";
import { nameExams } from "./exams/names.js";
import { groupExams, groupSubmission, holdsTable, mergeStudies } from "./upload/group.js";
import { newRow, paintRow, totals } from "./upload/list.js";
import { Pace } from "./upload/pace.js";
import { pack } from "./upload/pack.js";
import { fromDrop, fromInput } from "./upload/pick.js";
import { reasonOf, send } from "./upload/send.js";
import { patientsOf, studyOf } from "./upload/study.js";

const AT_ONCE = 2;
const ASK_AGAIN_MS = 5000; // while exams of this page's uploads have no name yet

class UploadPage {
  /** @type {HTMLElement} */
  #root;
  /** @type {Item[]} */
  #items = [];
  /** @type {Entry[]} */
  #held = []; // dropped before the form was complete
  #pace = new Pace();
  #paused = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    const zone = this.#part("[data-dropzone]");
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("input[type=file]"))) {
      input.addEventListener("change", () => {
        this.#add(fromInput(input), this.#metadata());
        input.value = ""; // the same folder may be picked again, to resume
      });
    }
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-pick]"))) {
      button.addEventListener("click", () => this.#part(button.dataset.pick ?? "").click());
    }
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
    zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
    zone.addEventListener("drop", async (event) => {
      event.preventDefault();
      zone.classList.remove("is-over");
      const metadata = this.#metadata(); // before the folders are read: the form may change meanwhile
      if (event.dataTransfer) this.#add(await fromDrop(event.dataTransfer), metadata);
    });
    root.addEventListener("change", () => {
      if (this.#held.length > 0 && this.#inputs().every((input) => input.checkValidity())) this.#add(this.#held, this.#metadata());
    });
    this.#part("[data-pause]").addEventListener("click", () => this.#pause());
    this.#part("[data-resume]").addEventListener("click", () => this.#resume());
    window.addEventListener("online", () => this.#retryLost());
    window.addEventListener("beforeunload", (event) => {
      if (this.#items.some((item) => item.state !== "sent" && item.state !== "failed")) event.preventDefault();
    });
    const keep = /** @type {HTMLInputElement | null} */ (root.querySelector("[data-keep]"));
    if (keep) {
      keep.checked = keeps();
      keep.addEventListener("change", () => setKeeps(keep.checked));
      nameReceived().catch(() => {}); // what an earlier visit sent
      document.addEventListener("htmx:afterSwap", () => nameExams().catch(() => {}));
    }
    setInterval(() => this.#paint(), 500);
    root.dataset.ready = "";
  }

  /**
   * A part of the block that templates/components/upload.html always has.
   * @param {string} selector
   */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }

  /** @returns {HTMLInputElement[]} the inputs whose values go with the exams */
  #inputs() {
    return [...this.#root.querySelectorAll("[data-upload-field]")].map((input) => /** @type {HTMLInputElement} */ (input));
  }

  /** What the form says now: it belongs to the exams that are dropped now, whenever they are sent. */
  #metadata() {
    const { question, centre, kind } = this.#root.dataset;
    /** @type {Record<string, string>} */
    const metadata = { question: question ?? "", centre: centre ?? "", kind: kind ?? "" };
    /** @type {Record<string, string>} */
    const values = {}; // clinical values: inputs called values.<field> travel together as one JSON object
    for (const input of this.#inputs()) {
      const value = input.type === "checkbox" ? (input.checked ? "1" : "0") : input.value.trim();
      const [group, field] = input.name.split(".");
      if (field === undefined) metadata[input.name] = value;
      else if (group === "values" && value !== "") values[field] = value;
    }
    if (Object.keys(values).length > 0) metadata.values = JSON.stringify(values);
    return metadata;
  }

  /**
   * @param {Entry[]} entries
   * @param {Record<string, string>} metadata
   */
  async #add(entries, metadata) {
    const inputs = this.#inputs();
    const exams = this.#root.dataset.kind !== "submission";
    const groups = exams ? await mergeStudies(groupExams(entries, say("loose_files")), studyOf) : groupSubmission(entries);
    const alone = groups.some((group) => !holdsTable(group)); // an exam whose values can only come from the form
    for (const input of inputs) {
      input.setCustomValidity(alone && input.dataset.needed !== undefined && input.value.trim() === "" ? say("needed") : "");
      input.addEventListener("input", () => input.setCustomValidity(""), { once: true });
    }
    // A box to tick or a value to enter first: the browser says which, and the files are kept until then.
    if (groups.length > 0 && !inputs.every((input) => input.reportValidity())) {
      this.#hold(entries === this.#held ? entries : [...this.#held, ...entries]);
      return;
    }
    if (entries === this.#held) this.#hold([]);
    this.#part("[data-nothing]").hidden = groups.length > 0 || this.#items.length > 0;
    for (const group of groups) {
      const bytes = group.files.reduce((sum, { file }) => sum + file.size, 0);
      const row = newRow(group, bytes, { retry: () => this.#retry(item), drop: () => this.#drop(item) });
      /** @type {Item} */
      const item = { group, metadata, bytes, sent: 0, state: "waiting", reason: "", upload: null, row };
      this.#part("[data-rows]").append(item.row.row);
      this.#items.push(item);
    }
    this.#part("[data-progress]").hidden = this.#items.length === 0;
    this.#next();
  }

  /** @param {Entry[]} entries */
  #hold(entries) {
    this.#held = entries;
    this.#part("[data-held]").hidden = entries.length === 0;
  }

  #next() {
    this.#paint();
    if (this.#paused) return;
    const busy = this.#items.filter((item) => item.state === "packing" || item.state === "sending").length;
    for (const item of this.#items.filter((each) => each.state === "waiting").slice(0, Math.max(0, AT_ONCE - busy))) this.#start(item);
  }

  /** @param {Item} item */
  async #start(item) {
    item.state = "packing";
    try {
      const { blob, filename } = await pack(item.group);
      if (item.state !== "packing") return; // dropped meanwhile
      item.bytes = blob.size;
      item.state = "sending";
      const upload = await send({
        endpoint: this.#root.dataset.endpoint ?? "",
        blob,
        metadata: { ...item.metadata, filename },
        onProgress: (sent) => {
          item.sent = sent;
        },
        onSuccess: () => this.#finished(item),
        onError: (error) => this.#failed(item, error),
      });
      if (!this.#items.includes(item)) {
        await upload.abort(true); // dropped while its content was being named
        return;
      }
      if (item.state === "sending") item.upload = upload; // a small file may be sent by now
      if (this.#paused) await this.#suspend(item);
    } catch (error) {
      this.#failed(item, error);
    }
  }

  /** @param {Item} item */
  #finished(item) {
    this.#remember(item).catch(() => {}); // a browser without storage sends all the same
    item.state = "sent";
    item.sent = item.bytes;
    item.reason = "";
    item.upload = null;
    document.body.dispatchEvent(new CustomEvent("upload-finished")); // the page's htmx fragment asks for verdicts
    this.#next();
  }

  /**
   * Keeps, on this computer alone, which folder and patient the exams of this upload are.
   * @param {Item} item
   */
  async #remember(item) {
    if (!item.upload?.url || !this.#root.querySelector("[data-keep]") || !keeps()) return;
    const { question, centre } = item.metadata;
    const upload = item.upload.url.replace(/\/$/, "").split("/").pop() ?? "";
    const folder = item.group.root ? `${item.group.root}/${item.group.name}` : item.group.name;
    await awaitExams({ upload, question, centre, folder, patients: await patientsOf(item.group.files), sent: new Date().toISOString() });
    while ((await nameReceived()) > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, ASK_AGAIN_MS);
      });
    }
  }

  /**
   * @param {Item} item
   * @param {unknown} error
   */
  #failed(item, error) {
    const [words, status] = reasonOf(error);
    item.state = "failed";
    item.lost = status === 0;
    item.reason = words || say(status === 0 ? "lost_network" : "refused_by_server", { status });
    this.#next();
  }

  /** @param {Item} item */
  async #suspend(item) {
    if (item.state !== "sending" || !item.upload) return;
    item.state = "paused";
    await item.upload.abort();
  }

  async #pause() {
    this.#paused = true;
    for (const item of this.#items) await this.#suspend(item);
    this.#pace.forget();
    this.#paint();
  }

  #resume() {
    this.#paused = false;
    for (const item of this.#items) {
      if (item.state !== "paused") continue;
      item.state = "sending";
      item.upload?.start();
    }
    this.#next();
  }

  /** @param {Item} item */
  #retry(item) {
    item.reason = "";
    item.state = "waiting";
    this.#next();
  }

  #retryLost() {
    for (const item of this.#items) if (item.state === "failed" && item.lost) this.#retry(item);
  }

  /** @param {Item} item */
  async #drop(item) {
    this.#items = this.#items.filter((each) => each !== item);
    item.row.row.remove();
    const upload = item.upload;
    item.state = "failed";
    // Termination tells the server to free the space; a lost network must not keep the row on the screen.
    await upload?.abort(true).catch(() => {});
    this.#next();
  }

  #paint() {
    for (const item of this.#items) paintRow(item);
    const sent = this.#items.reduce((sum, item) => sum + item.sent, 0);
    const sending = this.#items.some((item) => item.state === "sending");
    if (sending) this.#pace.note(sent, performance.now());
    const { share, words } = totals(this.#items, this.#pace);
    /** @type {HTMLProgressElement} */ (this.#part("[data-all]")).value = share;
    this.#part("[data-totals]").textContent = words;
    this.#part("[data-pause]").hidden = this.#paused || !sending;
    this.#part("[data-resume]").hidden = !this.#paused;
  }
}

for (const root of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-upload]"))) new UploadPage(root);
