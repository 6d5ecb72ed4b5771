// A picture that the server could not draw now says so in words beside it, and is asked for again when the server says.

const MOST = 5;

/**
 * What to do after a failed answer: seconds until the next try (0: none), given how often it was tried.
 * @param {number} status
 * @param {string | null} retryAfter
 * @param {number} tries
 */
export function nextTry(status, retryAfter, tries) {
  return status === 503 && tries < MOST ? Math.max(0, Number(retryAfter) || 0) : 0;
}

export function installPictures() {
  document.addEventListener("error", onError, true); // errors of images do not bubble
  document.addEventListener("load", (event) => {
    if (event.target instanceof HTMLImageElement && event.target.matches("img[data-drawn]")) note(event.target, "");
  }, true);
}

/** @param {Event} event */
async function onError(event) {
  const image = event.target;
  if (!(image instanceof HTMLImageElement) || !image.matches("img[data-drawn]")) return;
  const response = await fetch(image.src, { credentials: "same-origin" }).catch(() => null);
  if (!response) return;
  const tries = Number(image.dataset.tries ?? 0) + 1;
  image.dataset.tries = String(tries);
  if (response.ok && tries < MOST) image.src = again(image.src); // drawn meanwhile
  if (response.status === 503) note(image, image.dataset.drawn ?? "");
  const seconds = nextTry(response.status, response.headers.get("Retry-After"), tries);
  if (!seconds) return;
  setTimeout(() => {
    image.src = again(image.src);
  }, seconds * 1000);
}

/**
 * The same address, which a browser asks for once more.
 * @param {string} address
 */
function again(address) {
  const url = new URL(address, location.href);
  url.searchParams.set("again", String(Number(url.searchParams.get("again") ?? 0) + 1));
  return url.href;
}

/**
 * @param {HTMLImageElement} image
 * @param {string} words
 */
function note(image, words) {
  let place = image.nextElementSibling?.matches(".picture-note") ? image.nextElementSibling : null;
  if (!words) {
    place?.remove();
    return;
  }
  if (!place) {
    place = document.createElement("p");
    place.className = "picture-note text-secondary small";
    place.setAttribute("role", "status");
    image.after(place);
  }
  place.textContent = words;
}
