// Words for people come from the page, in its language: <template data-words><span data-word="paused">Paused</span></template>.

/**
 * The text of `name` with its {holes} filled; a missing word says its own name, so that it is seen and mended.
 * @param {string} name
 * @param {Record<string, unknown>} [values]
 */
export function say(name, values = {}) {
  for (const template of /** @type {NodeListOf<HTMLTemplateElement>} */ (document.querySelectorAll("template[data-words]"))) {
    const word = template.content.querySelector(`[data-word="${name}"]`);
    if (word) return fill((word.textContent ?? "").trim(), values);
  }
  return name;
}

/**
 * Fills {name} holes; an unknown hole stays as it is.
 * @param {string} text
 * @param {Record<string, unknown>} values
 */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? String(values[name]) : hole));
}

/** The page's language, for numbers. */
export function language() {
  return document.documentElement.lang || "en";
}
