// Speed over the last seconds, and from it the time left.
const WINDOW_MS = 8000;

export class Pace {
  /** @type {[now: number, bytes: number][]} */
  #marks = [];

  /**
   * Notes that `bytes` have been sent in all at the time `now` (ms).
   * @param {number} bytes
   * @param {number} now
   */
  note(bytes, now) {
    this.#marks.push([now, bytes]);
    while (this.#marks.length > 2 && now - this.#marks[0][0] > WINDOW_MS) this.#marks.shift();
  }

  forget() {
    this.#marks = [];
  }

  /** Bytes a second, 0 while unknown. */
  speed() {
    if (this.#marks.length < 2) return 0;
    const [from, before] = this.#marks[0];
    const [to, after] = this.#marks[this.#marks.length - 1];
    return to > from ? Math.max(0, ((after - before) * 1000) / (to - from)) : 0;
  }

  /**
   * Seconds that `left` bytes will take, or null while unknown.
   * @param {number} left
   */
  secondsFor(left) {
    const speed = this.speed();
    return speed > 0 ? left / speed : null;
  }
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/**
 * 1536000 -> "1.5 MB", numbers in the given language.
 * @param {string} words
 * @param {number} bytes
 */
export function bytesIn(words, bytes) {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const number = bytes / 1000 ** step;
  return `${new Intl.NumberFormat(words, { maximumFractionDigits: number < 10 && step ? 1 : 0 }).format(number)} ${UNITS[step]}`;
}

/**
 * 3725 -> "1:02:05", 65 -> "1:05".
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.ceil(seconds);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
