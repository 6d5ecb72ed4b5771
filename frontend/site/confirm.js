// <form data-confirm="Release the batch?"> and hx-confirm ask in the page's own dialog; Escape and Cancel mean no.

/** Asks `question`; data-confirm-title, data-confirm-yes and data-confirm-danger of `element` say the rest. */
export function confirmation(question, element) {
  const dialog = document.getElementById("confirm");
  const title = document.getElementById("confirm-title");
  const yes = document.getElementById("confirm-yes");
  title.textContent = element?.dataset.confirmTitle || title.dataset.default;
  yes.textContent = element?.dataset.confirmYes || yes.dataset.default;
  yes.className = element?.dataset.confirmDanger === undefined ? "btn btn-primary" : "btn btn-danger";
  document.getElementById("confirm-text").textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

export function installConfirm() {
  const agreed = new WeakSet();
  document.addEventListener(
    "submit",
    async (event) => {
      const form = event.target;
      const submitter = event.submitter;
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
