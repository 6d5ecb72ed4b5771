// The upload page: drop folders, files or archives; each exam goes as one zip over tus, with progress, pause and resume.
import { say } from "./words.js";
import { groupExams, groupSubmission } from "./upload/group.js";
import { newRow, paintRow, totals } from "./upload/list.js";
import { Pace } from "./upload/pace.js";
import { pack } from "./upload/pack.js";
import { fromDrop, fromInput } from "./upload/pick.js";
import { reasonOf, send } from "./upload/send.js";

const AT_ONCE = 2;

class UploadPage {
  #root;
  #items = [];
  #pace = new Pace();
  #paused = false;

  constructor(root) {
    this.#root = root;
    const zone = root.querySelector("[data-dropzone]");
    for (const input of root.querySelectorAll("input[type=file]")) {
      input.addEventListener("change", () => {
        this.#add(fromInput(input));
        input.value = ""; // the same folder may be picked again, to resume
      });
    }
    for (const button of root.querySelectorAll("[data-pick]")) {
      button.addEventListener("click", () => root.querySelector(button.dataset.pick).click());
    }
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
    zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
    zone.addEventListener("drop", async (event) => {
      event.preventDefault();
      zone.classList.remove("is-over");
      this.#add(await fromDrop(event.dataTransfer));
    });
    root.querySelector("[data-pause]").addEventListener("click", () => this.#pause());
    root.querySelector("[data-resume]").addEventListener("click", () => this.#resume());
    window.addEventListener("online", () => this.#retryLost());
    window.addEventListener("beforeunload", (event) => {
      if (this.#items.some((item) => item.state !== "sent" && item.state !== "failed")) event.preventDefault();
    });
    setInterval(() => this.#paint(), 500);
    root.dataset.ready = "";
  }

  #metadata(filename) {
    const { question, centre, kind } = this.#root.dataset;
    const metadata = { question, centre: centre ?? "", kind, filename };
    const values = {}; // clinical values: inputs called values.<field> travel together as one JSON object
    for (const input of this.#root.querySelectorAll("[data-upload-field]")) {
      const value = input.type === "checkbox" ? (input.checked ? "1" : "0") : input.value.trim();
      const [group, field] = input.name.split(".");
      if (field === undefined) metadata[input.name] = value;
      else if (group === "values" && value !== "") values[field] = value;
    }
    if (Object.keys(values).length > 0) metadata.values = JSON.stringify(values);
    return metadata;
  }

  #add(entries) {
    for (const input of this.#root.querySelectorAll("[data-upload-field]")) {
      if (!input.reportValidity()) return; // a box to tick first: the browser says which
    }
    const groups = this.#root.dataset.kind === "submission" ? groupSubmission(entries) : groupExams(entries, say("loose_files"));
    this.#root.querySelector("[data-nothing]").hidden = groups.length > 0 || this.#items.length > 0;
    for (const group of groups) {
      const bytes = group.files.reduce((sum, { file }) => sum + file.size, 0);
      const item = { group, bytes, sent: 0, state: "waiting", reason: "", upload: null, row: null };
      item.row = newRow(item, { retry: (which) => this.#retry(which), drop: (which) => this.#drop(which) });
      this.#root.querySelector("[data-rows]").append(item.row.row);
      this.#items.push(item);
    }
    this.#root.querySelector("[data-progress]").hidden = this.#items.length === 0;
    this.#next();
  }

  #next() {
    this.#paint();
    if (this.#paused) return;
    const busy = this.#items.filter((item) => item.state === "packing" || item.state === "sending").length;
    for (const item of this.#items.filter((each) => each.state === "waiting").slice(0, Math.max(0, AT_ONCE - busy))) this.#start(item);
  }

  async #start(item) {
    item.state = "packing";
    try {
      const { blob, filename } = await pack(item.group);
      if (item.state !== "packing") return; // dropped meanwhile
      item.bytes = blob.size;
      item.state = "sending";
      item.upload = await send({
        endpoint: this.#root.dataset.endpoint,
        blob,
        metadata: this.#metadata(filename),
        onProgress: (sent) => {
          item.sent = sent;
        },
        onSuccess: () => this.#finished(item),
        onError: (error) => this.#failed(item, error),
      });
      if (this.#paused) await this.#hold(item);
      if (!this.#items.includes(item)) await item.upload.abort(true);
    } catch (error) {
      this.#failed(item, error);
    }
  }

  #finished(item) {
    item.state = "sent";
    item.sent = item.bytes;
    item.reason = "";
    item.upload = null;
    document.body.dispatchEvent(new CustomEvent("upload-finished")); // the page's htmx fragment asks for verdicts
    this.#next();
  }

  #failed(item, error) {
    const [said, status] = error.originalRequest === undefined ? [String(error.message ?? error), -1] : reasonOf(error);
    item.state = "failed";
    item.lost = status === 0;
    item.reason = said || say(status === 0 ? "lost_network" : "refused_by_server", { status });
    this.#next();
  }

  async #hold(item) {
    if (item.state !== "sending" || !item.upload) return;
    item.state = "paused";
    await item.upload.abort();
  }

  async #pause() {
    this.#paused = true;
    for (const item of this.#items) await this.#hold(item);
    this.#pace.forget();
    this.#paint();
  }

  #resume() {
    this.#paused = false;
    for (const item of this.#items) {
      if (item.state !== "paused") continue;
      item.state = "sending";
      item.upload.start();
    }
    this.#next();
  }

  #retry(item) {
    item.reason = "";
    item.state = "waiting";
    this.#next();
  }

  #retryLost() {
    for (const item of this.#items) if (item.state === "failed" && item.lost) this.#retry(item);
  }

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
    const all = this.#root.querySelector("[data-all]");
    all.value = share;
    this.#root.querySelector("[data-totals]").textContent = words;
    this.#root.querySelector("[data-pause]").hidden = this.#paused || !sending;
    this.#root.querySelector("[data-resume]").hidden = !this.#paused;
  }
}

for (const root of document.querySelectorAll("[data-upload]")) new UploadPage(root);
