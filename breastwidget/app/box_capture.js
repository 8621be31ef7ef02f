// The client-side hand over the slice picture: rubber band, focus and keys. No kernel round trip
// while dragging; one message when a box is done or a key is pressed.

const KEYS = {
  ArrowDown: 1, ArrowRight: 1, PageDown: 5,
  ArrowUp: -1, ArrowLeft: -1, PageUp: -5,
};
const SVG = "http://www.w3.org/2000/svg";

function render({ model, el }) {
  const pad = document.createElement("div");
  pad.className = "bw-capture";
  pad.tabIndex = 0;
  pad.setAttribute("role", "application");
  pad.dataset.lmSuppressShortcuts = "true"; // JupyterLab keeps its own arrow keys to itself
  pad.innerHTML = `<svg xmlns="${SVG}" preserveAspectRatio="none" viewBox="0 0 1 1" aria-hidden="true">
    <rect class="bw-rubber-halo" vector-effect="non-scaling-stroke"/>
    <rect class="bw-rubber" vector-effect="non-scaling-stroke"/></svg>`;
  el.replaceChildren(pad);
  const bands = pad.querySelectorAll("rect");
  let start = null;
  let slice = 0;

  const fraction = (event) => {
    const box = pad.getBoundingClientRect();
    const clamp = (value) => Math.min(Math.max(value, 0), 1);
    return [
      clamp((event.clientX - box.left) / box.width),
      clamp((event.clientY - box.top) / box.height),
    ];
  };
  const draw = (end) => {
    for (const band of bands) {
      band.setAttribute("x", Math.min(start[0], end[0]));
      band.setAttribute("y", Math.min(start[1], end[1]));
      band.setAttribute("width", Math.abs(start[0] - end[0]));
      band.setAttribute("height", Math.abs(start[1] - end[1]));
    }
  };
  const show = (visible) => pad.classList.toggle("bw-dragging", visible);
  const drop = () => { start = null; show(false); };
  const describe = () => pad.setAttribute("aria-label", model.get("label"));
  // The kernel has taken the box, or refused it: its own overlay says what holds now.
  const settle = (message) => { if (message.kind === "settled" && start === null) show(false); };

  pad.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    pad.setPointerCapture(event.pointerId); // a drag that ends outside still ends here
    start = fraction(event);
    slice = model.get("shown_slice");
    draw(start);
    show(true);
    pad.focus({ preventScroll: true });
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => { if (start) draw(fraction(event)); });
  pad.addEventListener("pointerup", (event) => {
    if (!start || event.button !== 0) return;
    model.send({ kind: "box", slice, start, end: fraction(event) });
    start = null; // the band stays until the kernel's box takes its place
  });
  pad.addEventListener("pointercancel", drop);
  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const slices = model.get("slices");
    const by = { ...KEYS, Home: -slices, End: slices }[event.key];
    if (event.key === "Escape" && start) drop();
    else if (by !== undefined && !start) model.send({ kind: "step", by });
    else if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
  });

  describe();
  model.on("change:label", describe);
  model.on("msg:custom", settle);
  return () => {
    model.off("change:label", describe);
    model.off("msg:custom", settle);
  };
}

export default { render };
