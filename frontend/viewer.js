// Image viewers of a page: each [data-viewer] is a stack of slices; those inside one [data-viewer-row] scroll together.
import { isTyping } from "./dom.js";
import { sameHeight } from "./viewer/geometry.js";
import { Stack } from "./viewer/stack.js";

const stacks = new Map();
let active = null;

for (const root of document.querySelectorAll("[data-viewer]")) {
  const stack = new Stack(root, changed);
  stacks.set(stack, root);
  root.viewer = stack; // other modules: element.viewer.load(volumeUrl, maskUrl)
  active ??= stack;
  bindTools(stack, root);
  if (root.dataset.volume) stack.load(root.dataset.volume, root.dataset.mask);
}

/** The stacks that move with this one. */
function together(stack) {
  const row = stacks.get(stack).closest("[data-viewer-row]");
  return row ? [...stacks].filter(([, root]) => row.contains(root)).map(([each]) => each) : [stack];
}

function changed(stack, what) {
  if (what === "active") active = stack;
  if (what === "slice") {
    for (const other of together(stack)) {
      if (other !== stack && other.volume) other.show(sameHeight(stack.k, stack.slices, other.slices));
    }
  }
  paintTools(stack);
}

function toolsOf(root) {
  return document.querySelector(`[data-viewer-tools="${root.id}"]`);
}

function bindTools(stack, root) {
  const tools = toolsOf(root);
  if (!tools) return;
  tools.querySelector("[data-slice]")?.addEventListener("input", (event) => stack.show(Number(event.target.value) - 1));
  tools.querySelector("[data-opacity]")?.addEventListener("input", (event) => stack.setOpacity(Number(event.target.value) / 100));
  tools.querySelector("[data-window]")?.addEventListener("change", (event) => setPreset(stack, event.target.value));
  for (const button of tools.querySelectorAll("[data-do]")) button.addEventListener("click", () => act(stack, button.dataset.do));
}

function paintTools(stack) {
  const root = stacks.get(stack);
  const tools = root && toolsOf(root);
  if (!tools) return;
  const slider = tools.querySelector("[data-slice]");
  if (slider && stack.volume) {
    slider.max = stack.slices;
    slider.value = stack.k + 1;
    slider.closest("label").hidden = stack.slices <= 1;
  }
  const opacity = tools.querySelector("[data-opacity]");
  if (opacity) opacity.closest("label").hidden = !stack.mask;
}

function setPreset(stack, value) {
  if (value === "file") stack.originalWindow();
  else if (value === "full") stack.wholeRange();
  else {
    const [centre, width] = value.split(",").map(Number);
    stack.setWindow({ centre, width });
  }
}

function act(stack, what) {
  const root = stacks.get(stack);
  const select = toolsOf(root)?.querySelector("[data-window]");
  switch (what) {
    case "in": return stack.zoom(1.25);
    case "out": return stack.zoom(0.8);
    case "fit": return stack.fit();
    case "invert": return stack.invert();
    case "mask": return stack.setOpacity(stack.opacity > 0 ? 0 : 0.4);
    case "preset":
      if (!select) return undefined;
      select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
      return setPreset(stack, select.value);
    default: return undefined;
  }
}

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
  w: (stack) => act(stack, "preset"),
};

// On the document, so that keys live on after a click on a scrollbar or a button.
document.addEventListener("keydown", (event) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const field = event.target.closest?.("input, summary, select");
  if (!active || !(key in KEYS) || isTyping(event) || (field && key.length > 1)) return;
  event.preventDefault();
  KEYS[key](active);
});
