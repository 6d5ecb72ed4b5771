// A few lines to build elements and icons without markup strings, so nothing that a file is called can become markup.
const SVG = "http://www.w3.org/2000/svg";

/**
 * make("p", {class: "x", text: "…"}, child, …)
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | null | undefined>} attributes
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = String(value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.flatMap((child) => child ?? []));
  return element;
}

/**
 * An icon of the sprite that the page's own icons come from.
 * @param {string} name
 */
export function icon(name) {
  const known = document.querySelector("svg.icon use")?.getAttribute("href") ?? "/static/dist/icons.svg#";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${known.split("#")[0]}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * The pill of a state, as the template tag {% state %} draws it.
 * @param {string} tone
 * @param {string} iconName
 * @param {string} word
 */
export function statePill(tone, iconName, word) {
  return make("span", { class: `state tone-${tone}` }, icon(iconName), word);
}

export function csrfToken() {
  return /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="csrf-token"]'))?.content ?? "";
}

/**
 * The nearest element around where an event happened, itself included.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function around(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}

/**
 * True where a key belongs to a field and must not be taken for a shortcut.
 * @param {KeyboardEvent} event
 */
export function isTyping(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  if (document.querySelector("dialog[open]")) return true;
  return Boolean(around(event, "textarea, select, [contenteditable], input:not([type=radio]):not([type=checkbox]):not([type=range]):not([type=button])"));
}
