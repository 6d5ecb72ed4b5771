// Image viewers of a page: each [data-viewer] is a stack of slices; those inside one [data-viewer-row] scroll together.
import { around, isTyping } from "./dom.js";
import { sameHeight } from "./viewer/geometry.js";
import { Stack } from "./viewer/stack.js";

/** @type {Map<Stack, HTMLElement>} */
const stacks = new Map();
/** @type {Stack | null} */
let active = null;

for (const root of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-viewer]"))) {
  const stack = new Stack(root, changed);
  stacks.set(stack, root);
  active ??= stack;
  bindTools(stack, root);
  if (root.dataset.volume) stack.load(root.dataset.volume, root.dataset.mask);
}

/**
 * The stacks that move with this one.
 * @param {Stack} stack
 */
function together(stack) {
  const row = stacks.get(stack)?.closest("[data-viewer-row]");
  return row ? [...stacks].filter(([, root]) => row.contains(root)).map(([each]) => each) : [stack];
}

/**
 * @param {Stack} stack
 * @param {import("./viewer/stack.js").Change} what
 */
function changed(stack, what) {
  if (what === "active") active = stack;
  if (what === "slice") {
    for (const other of together(stack)) {
      if (other !== stack && other.volume) other.show(sameHeight(stack.k, stack.slices, other.slices));
    }
  }
  paintTools(stack);
}

/** @param {HTMLElement} root */
function toolsOf(root) {
  return document.querySelector(`[data-viewer-tools="${root.id}"]`);
}

/**
 * @param {Stack} stack
 * @param {HTMLElement} root
 */
function bindTools(stack, root) {
  const tools = toolsOf(root);
  if (!tools) return;
  const valueOf = (/** @type {Event} */ event) => /** @type {HTMLInputElement | HTMLSelectElement} */ (event.target).value;
  tools.querySelector("[data-slice]")?.addEventListener("input", (event) => stack.show(Number(valueOf(event)) - 1));
  tools.querySelector("[data-opacity]")?.addEventListener("input", (event) => stack.setOpacity(Number(valueOf(event)) / 100));
  tools.querySelector("[data-window]")?.addEventListener("change", (event) => setPreset(stack, valueOf(event)));
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (tools.querySelectorAll("[data-do]"))) {
    button.addEventListener("click", () => act(stack, button.dataset.do ?? ""));
  }
}

/** @param {Stack} stack */
function paintTools(stack) {
  const root = stacks.get(stack);
  const tools = root && toolsOf(root);
  if (!tools) return;
  const slider = /** @type {HTMLInputElement | null} */ (tools.querySelector("[data-slice]"));
  if (slider && stack.volume) {
    slider.max = String(stack.slices);
    slider.value = String(stack.k + 1);
    hideLabel(slider, stack.slices <= 1);
  }
  const opacity = tools.querySelector("[data-opacity]");
  if (opacity) hideLabel(opacity, !stack.mask);
}

/**
 * Hides a tool with the label around it.
 * @param {Element} control
 * @param {boolean} hidden
 */
function hideLabel(control, hidden) {
  control.closest("label")?.toggleAttribute("hidden", hidden);
}

/**
 * @param {Stack} stack
 * @param {string} value "file", "full" or "centre,width"
 */
function setPreset(stack, value) {
  if (value === "file") stack.originalWindow();
  else if (value === "full") stack.wholeRange();
  else {
    const [centre, width] = value.split(",").map(Number);
    stack.setWindow({ centre, width });
  }
}

/**
 * @param {Stack} stack
 * @param {string} what
 * @returns {void}
 */
function act(stack, what) {
  const root = stacks.get(stack);
  const tools = root && toolsOf(root);
  const select = /** @type {HTMLSelectElement | null | undefined} */ (tools?.querySelector("[data-window]"));
  switch (what) {
    case "in": return stack.zoom(1.25);
    case "out": return stack.zoom(0.8);
    case "fit": return stack.fit();
    case "invert": return stack.invert();
    case "smooth":
      stack.toggleSmooth();
      tools?.querySelector("[data-do=smooth]")?.setAttribute("aria-pressed", String(!stack.smooth));
      return undefined;
    case "mask": return stack.setOpacity(stack.opacity > 0 ? 0 : 0.4);
    case "preset":
      if (!select) return undefined;
      select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
      return setPreset(stack, select.value);
    default: return undefined;
  }
}

/** @type {Record<string, (stack: Stack) => void>} */
const KEYS = {
  ArrowUp: (stack) => stack.scroll(-1),
  ArrowDown: (stack) => stack.scroll(1),
  PageUp: (stack) => stack.scroll(-10),
  PageDown: (stack) => stack.scroll(10),
  Home: (stack) => stack.show(0),
  End: (stack) => stack.show(stack.slices - 1),
  "+": (stack) => act(stack, "in"),
  "-": (stack) => act(stack, "out"),
  f: (stack) => act(stack, "fit"),
  i: (stack) => act(stack, "invert"),
  m: (stack) => act(stack, "mask"),
  s: (stack) => act(stack, "smooth"),
  w: (stack) => act(stack, "preset"),
};

// On the document, so that keys live on after a click on a scrollbar or a button.
document.addEventListener("keydown", (event) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const field = around(event, "input, summary, select");
  if (!active || !(key in KEYS) || isTyping(event) || (field && key.length > 1)) return;
  event.preventDefault();
  KEYS[key](active);
});
