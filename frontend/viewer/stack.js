// One stack of slices on a canvas: what is shown, and how it changes.
import { make } from "../dom.js";
import { say } from "../words.js";
import { fetchMask, fetchVolume, PictureRefusal } from "./fetch.js";
import { edgeLetters, fit, voxelAt, zoomed } from "./geometry.js";
import { installHand } from "./hand.js";
import { fullWindow, greyTable, paintSlice } from "./paint.js";

const TOUCH_PIXELS_A_SLICE = 12;
const SIDES = /** @type {const} */ (["top", "bottom", "left", "right"]);
const CORNERS = /** @type {const} */ (["slice", "window", "value", "title", "status"]);

/** @typedef {"active" | "slice" | "window" | "loaded" | "mask"} Change what of a stack has changed */

export class Stack {
  /** @type {Volume | null} */
  volume = null;
  /** @type {Uint8Array | null} */
  mask = null;
  k = 0;
  window = { centre: 40, width: 400 };
  inverted = false;
  opacity = 0.4;
  smooth = true;
  /** @type {Frame | null} */
  #frame = null;
  /** @type {HTMLElement} */
  #root;
  /** @type {HTMLCanvasElement} */
  #canvas;
  /** @type {Record<string, HTMLDivElement>} by place: a side or a corner */
  #notes;
  #slice = document.createElement("canvas");
  /** @type {ImageData | null} */
  #pixels = null;
  /** @type {AbortController | null} */
  #loading = null;
  /** @type {Uint8Array | null} */
  #table = null;
  #due = false;
  #dragged = 0;
  /** @type {(stack: Stack, what: Change) => void} */
  #onChange;

  /**
   * `onChange(stack, what)` hears of slice, window, volume and mask, and of being touched, so that others can follow.
   * @param {HTMLElement} root
   * @param {(stack: Stack, what: Change) => void} onChange
   */
  constructor(root, onChange) {
    this.#root = root;
    this.#onChange = onChange;
    this.#canvas = make("canvas", { tabindex: 0, role: "img", "aria-label": root.dataset.title || say("image") });
    root.append(this.#canvas);
    const notes = [...SIDES.map((side) => [side, "letter"]), ...CORNERS.map((corner) => [corner, "note"])];
    this.#notes = Object.fromEntries(notes.map(([place, kind]) => [place, this.#note(`viewer-${kind} viewer-${place}`, place)]));
    this.#notes.title.textContent = root.dataset.title ?? "";
    this.#notes.title.hidden = !root.dataset.title;
    this.#notes.status.setAttribute("role", "status");
    installHand(this.#canvas, {
      activate: () => this.#onChange(this, "active"),
      scroll: (steps) => this.scroll(steps),
      drag: (dy) => this.#dragSlices(dy),
      pan: (dx, dy) => this.pan(dx, dy),
      zoom: (factor, about) => this.zoom(factor, about),
      window: (dx, dy) => this.#dragWindow(dx, dy),
      point: (point) => this.#showValue(point),
    });
    new ResizeObserver(() => this.fit()).observe(this.#canvas);
  }

  /**
   * Shows another volume; what was still on its way for the last one is cancelled.
   * @param {string} volumeUrl
   * @param {string} [maskUrl]
   */
  async load(volumeUrl, maskUrl = "") {
    this.#loading?.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.volume = this.mask = null;
    this.#root.dataset.state = "loading";
    this.#status(say("loading", { percent: 0 }));
    try {
      const onPart = (/** @type {number} */ share) => this.#status(say("loading", { percent: Math.round(share * 100) }));
      const volume = await fetchVolume(volumeUrl, { signal, onPart });
      this.volume = volume;
      this.k = Math.floor(volume.shape[0] / 2);
      this.window = volume.window ?? fullWindow(volume.values);
      this.inverted = volume.inverted;
      this.#table = null;
      this.#slice.width = volume.shape[2];
      this.#slice.height = volume.shape[1];
      this.#pixels = new ImageData(volume.shape[2], volume.shape[1]);
      this.#letters(volume);
      this.fit();
      this.#status("");
      this.#root.dataset.state = "shown";
      this.#onChange(this, "loaded");
      if (maskUrl) this.mask = await fetchMask(maskUrl, volume.values.length, { signal });
      this.draw();
      this.#root.dataset.state = "ready";
      this.#onChange(this, "mask");
    } catch (error) {
      if (signal.aborted) return;
      this.#root.dataset.state = "failed";
      const word = this.volume ? "mask_failed" : "image_failed";
      const reason = error instanceof Error ? error.message : String(error);
      const refusal = error instanceof PictureRefusal ? error : null;
      this.#status(refusal?.worded ? reason : say(word, { reason }));
      if (!refusal?.retryAfter) return;
      const again = setTimeout(() => this.load(volumeUrl, maskUrl), refusal.retryAfter * 1000);
      signal.addEventListener("abort", () => clearTimeout(again)); // another image was asked for meanwhile
    }
  }

  get slices() {
    return this.volume?.shape[0] ?? 0;
  }

  /** @param {number} k */
  show(k) {
    if (!this.volume) return;
    const to = Math.max(0, Math.min(this.slices - 1, k));
    if (to === this.k) return;
    this.k = to;
    this.draw();
    this.#onChange(this, "slice");
  }

  /** @param {number} steps */
  scroll(steps) {
    this.show(this.k + steps);
  }

  /** @param {GreyWindow} window */
  setWindow(window) {
    this.window = { centre: window.centre, width: Math.max(1, window.width) };
    this.#table = null;
    this.draw();
  }

  originalWindow() {
    if (this.volume) this.setWindow(this.volume.window ?? fullWindow(this.volume.values));
  }

  wholeRange() {
    if (this.volume) this.setWindow(fullWindow(this.volume.values));
  }

  invert() {
    this.inverted = !this.inverted;
    this.#table = null;
    this.draw();
  }

  /** Smooth, as on a reading station, or each voxel as a square. */
  toggleSmooth() {
    this.smooth = !this.smooth;
    this.draw();
  }

  /** @param {number} opacity */
  setOpacity(opacity) {
    this.opacity = opacity;
    this.draw();
  }

  fit() {
    if (!this.volume) return;
    this.#frame = fit(this.volume, this.#canvas.clientWidth, this.#canvas.clientHeight);
    this.draw();
  }

  /** @param {number} factor */
  zoom(factor, about = { x: this.#canvas.clientWidth / 2, y: this.#canvas.clientHeight / 2 }) {
    if (!this.#frame) return;
    this.#frame = zoomed(this.#frame, factor, about);
    this.draw();
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    if (!this.#frame) return;
    this.#frame = zoomed(this.#frame, 1, { x: 0, y: 0 }, dx, dy);
    this.draw();
  }

  /** Draws at the next frame of the screen, once however often it is asked. */
  draw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      if (this.volume && this.#frame && this.#pixels) this.#drawNow(this.volume, this.#frame, this.#pixels);
    });
  }

  /**
   * @param {Volume} volume
   * @param {Frame} frame
   * @param {ImageData} pixels
   */
  #drawNow(volume, frame, pixels) {
    this.#table ??= greyTable(this.window, this.inverted);
    paintSlice(new Uint32Array(pixels.data.buffer), volume, this.k, this.#table, this.mask, this.opacity);
    this.#slice.getContext("2d")?.putImageData(pixels, 0, 0);
    const density = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.#canvas.clientWidth * density), Math.round(this.#canvas.clientHeight * density)];
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext("2d");
    if (!context) return; // more canvases than the browser has memory for
    const { left, top, x, y } = frame;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    context.imageSmoothingEnabled = this.smooth;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#slice, left, top, this.#slice.width * x, this.#slice.height * y);
    this.#notes.slice.textContent = say("slice_of", { n: this.k + 1, all: this.slices });
    this.#notes.window.textContent = say("window_is", { centre: Math.round(this.window.centre), width: Math.round(this.window.width) });
    this.#canvas.dataset.slice = String(this.k);
    this.#canvas.dataset.smooth = String(this.smooth);
  }

  /** @param {number} dy */
  #dragSlices(dy) {
    if (this.slices <= 1) {
      this.pan(0, dy);
      return;
    }
    this.#dragged += dy;
    const steps = Math.trunc(this.#dragged / TOUCH_PIXELS_A_SLICE);
    this.#dragged -= steps * TOUCH_PIXELS_A_SLICE;
    if (steps) this.scroll(steps);
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  #dragWindow(dx, dy) {
    const step = Math.max(0.5, this.window.width / 300);
    this.setWindow({ centre: this.window.centre + dy * step, width: this.window.width + dx * step });
    this.#onChange(this, "window");
  }

  /** @param {Point | null} point */
  #showValue(point) {
    const { volume } = this;
    const voxel = point && volume && this.#frame && voxelAt(this.#frame, volume, point);
    this.#notes.value.hidden = !voxel;
    if (!voxel) return;
    const [j, i] = voxel;
    const value = volume.values[(this.k * volume.shape[1] + j) * volume.shape[2] + i];
    this.#notes.value.textContent = `${value} ${volume.units}`.trim();
  }

  /** @param {Volume} volume */
  #letters(volume) {
    const letters = edgeLetters(volume.orientation);
    for (const place of SIDES) {
      this.#notes[place].textContent = letters?.[place] ?? "";
      this.#notes[place].hidden = !letters;
    }
  }

  /** @param {string} words */
  #status(words) {
    this.#notes.status.textContent = words;
    this.#notes.status.hidden = !words;
  }

  /**
   * @param {string} classes
   * @param {string} place
   */
  #note(classes, place) {
    const note = make("div", { class: classes, hidden: place !== "slice" && place !== "window" });
    this.#root.append(note);
    return note;
  }
}
