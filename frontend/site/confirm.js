// <form data-confirm="Release the batch?"> and hx-confirm ask in the page's own dialog; Escape and Cancel mean no.

/**
 * Asks `question`; data-confirm-title, data-confirm-yes and data-confirm-danger of `element` say the rest.
 * @param {string} question
 * @param {HTMLElement} [element]
 * @returns {Promise<boolean>}
 */
export function confirmation(question, element) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("confirm")); // base.html includes it in every page
  const [title, yes, text] = ["confirm-title", "confirm-yes", "confirm-text"].map((id) => /** @type {HTMLElement} */ (document.getElementById(id)));
  title.textContent = element?.dataset.confirmTitle || (title.dataset.default ?? "");
  yes.textContent = element?.dataset.confirmYes || (yes.dataset.default ?? "");
  yes.className = element?.dataset.confirmDanger === undefined ? "btn btn-primary" : "btn btn-danger";
  text.textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

export function installConfirm() {
  /** @type {WeakSet<HTMLFormElement>} */
  const agreed = new WeakSet();
  document.addEventListener(
    "submit",
    async (event) => {
      const form = /** @type {HTMLFormElement} */ (event.target);
      const { submitter } = event;
      const asker = submitter?.dataset.confirm ? submitter : form;
      if (!asker.dataset.confirm || agreed.delete(form)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (await confirmation(asker.dataset.confirm, asker)) {
        agreed.add(form);
        form.requestSubmit(submitter);
      }
    },
    true, // before htmx and before the form leaves
  );
}
