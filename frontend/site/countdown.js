// <time data-countdown datetime="…"> runs down to its moment by the server's clock (<meta name="server-time">).
import { say } from "../words.js";

/**
 * Whole days and "04:03:02" of what is left, never negative.
 * @param {number} milliseconds
 */
export function remaining(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const clock = `${two(hours)}:${two(minutes)}:${two(seconds % 60)}`;
  return { days, clock };
}

export function installCountdowns() {
  let ahead = 0; // how far this machine's clock is ahead of the server's
  const now = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="server-time"]'))?.content;
  if (now) ahead = Date.now() - Date.parse(now);

  function tick() {
    for (const element of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-countdown]"))) {
      const left = Date.parse(element.dateTime) - (Date.now() - ahead);
      const { days, clock } = remaining(left);
      element.title ||= element.textContent ?? "";
      if (left <= 0) element.textContent = element.dataset.over ?? "";
      else element.textContent = days ? say("days_and_clock", { days, clock }) : clock;
    }
  }
  tick();
  setInterval(tick, 1000);
}
