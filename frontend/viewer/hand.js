// Mouse, wheel and touch on one canvas, told to the viewer as intentions: slice, window, pan, zoom, point.

const WHEEL_STEP = 40; // a mouse notch is about 100, a touchpad sends many small ones

/**
 * What a hand can mean. Distances are screen pixels; `about` and `point` lie on the canvas.
 * @typedef {object} Intentions
 * @property {() => void} activate
 * @property {(steps: number) => void} scroll
 * @property {(dy: number) => void} drag
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, about: Point) => void} zoom
 * @property {(dx: number, dy: number) => void} window
 * @property {(point: Point | null) => void} point
 */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Intentions} act
 */
export function installHand(canvas, act) {
  /** @type {Map<number, PointerEvent>} */
  const pointers = new Map();
  let wheel = 0;

  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (event.ctrlKey) {
        act.zoom(Math.exp(-event.deltaY / 300), at(event));
        return;
      }
      wheel += event.deltaY;
      const steps = Math.trunc(wheel / WHEEL_STEP);
      wheel -= steps * WHEEL_STEP;
      if (steps) act.scroll(Math.sign(steps));
    },
    { passive: false },
  );
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    canvas.focus({ preventScroll: true });
    act.activate();
  });
  canvas.addEventListener("pointermove", (event) => {
    act.point(at(event));
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    if (pointers.size === 2) pinch(event, before);
    else if (event.pointerType === "touch") act.drag(dy);
    else if (event.buttons & 6 || event.shiftKey) act.pan(dx, dy);
    else act.window(dx, dy);
    pointers.set(event.pointerId, event);
  });
  canvas.addEventListener("pointerup", (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => act.point(null));

  /**
   * Two fingers: pan by the middle, zoom by the distance.
   * @param {PointerEvent} event
   * @param {PointerEvent} before
   */
  function pinch(event, before) {
    const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    if (!other) return;
    const distance = (/** @type {PointerEvent} */ finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
    const middle = at({ clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 });
    act.pan((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
    if (distance(before) > 0) act.zoom(distance(event) / distance(before), middle);
  }

  /**
   * @param {{ clientX: number, clientY: number }} event
   * @returns {Point}
   */
  function at(event) {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
}
