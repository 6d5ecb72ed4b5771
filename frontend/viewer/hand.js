// Mouse, wheel and touch on one canvas, told to the viewer as intentions: slice, window, pan, zoom, point.

const WHEEL_STEP = 40; // a mouse notch is about 100, a touchpad sends many small ones

export function installHand(canvas, act) {
  const pointers = new Map();
  let wheel = 0;

  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (event.ctrlKey) return act.zoom(Math.exp(-event.deltaY / 300), at(event));
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
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  canvas.addEventListener("pointerleave", () => act.point(null));

  function pinch(event, before) {
    const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    const distance = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const middle = at({ clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 });
    act.pan((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
    if (distance(before) > 0) act.zoom(distance(event) / distance(before), middle);
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
}
