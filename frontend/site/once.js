// A slow answer must not invite a second click: the button that sent a form rests until the page answers or is shown again.
export function installOnce() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (event.defaultPrevented || form.method !== "post" || form.dataset.again !== undefined || !button) return;
    // After this turn, so that the button's own name and value still go with the form.
    setTimeout(() => {
      button.disabled = true;
      button.setAttribute("aria-busy", "true");
    });
  });
  window.addEventListener("pageshow", () => {
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[aria-busy=true][disabled]"))) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  });
}
