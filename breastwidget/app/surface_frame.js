// The scene's frame. Each scene gets the viewer's page afresh, behind the one that is shown until it
// is drawn: so nothing flickers, and what the browser held for the old scene goes with its frame.

function render({ model, el }) {
  el.classList.add("bw-frames");
  let [shown, coming, view] = [null, null, null];

  const background = () => getComputedStyle(el).getPropertyValue("--bw-scene").trim() || "#f4f6f8";
  const tell = (frame, message) => frame?.contentWindow?.postMessage(message, "*");
  const copied = (part) =>
    part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength);
  const placed = () => {
    const plane = model.get("plane");
    return plane && { offset: plane.offset, gray: copied(plane.gray) };
  };

  // Light and dark follow a class of the app or of the page, or the system.
  const themed = () => tell(shown, { kind: "background", background: background() });
  const system = matchMedia("(prefers-color-scheme: dark)");
  const watcher = new MutationObserver(() => requestAnimationFrame(themed));
  const attributes = { attributes: true, attributeFilter: ["class", "data-jp-theme-light"] };
  watcher.observe(document.body, attributes);
  let watched = null;
  const watch = () => { // the app is not yet around it when it is rendered
    const app = el.closest(".bw-app");
    if (app && app !== watched) watcher.observe((watched = app), attributes);
  };

  const open = () => {
    if (!model.get("page") || model.get("data").byteLength === 0) return;
    watch();
    coming?.remove();
    coming = document.createElement("iframe");
    coming.className = "bw-scene bw-coming";
    coming.title = "The lesions' surfaces; drag to turn, wheel to zoom";
    coming.setAttribute("sandbox", "allow-scripts");
    coming.srcdoc = model.get("page");
    el.append(coming);
  };
  const fill = (frame) => {
    const bytes = copied(model.get("data"));
    tell(frame, { kind: "scene", bytes, view, plane: placed(), background: background() });
  };
  const heard = ({ source, data }) => {
    const frame = [shown, coming].find((each) => each && source === each.contentWindow);
    if (!frame) return;
    if (data?.kind === "ready") fill(frame); // a frame loads again where a page moves it
    if (data?.kind === "view") view = data.view;
    if (data?.kind === "drawn" && frame === coming) {
      shown?.remove();
      [shown, coming] = [coming, null];
      shown.classList.remove("bw-coming");
    }
  };
  const plane = () => tell(shown, { kind: "plane", plane: placed() });

  window.addEventListener("message", heard);
  system.addEventListener("change", themed);
  model.on("change:data", open);
  model.on("change:plane", plane);
  open();
  return () => {
    window.removeEventListener("message", heard);
    system.removeEventListener("change", themed);
    watcher.disconnect();
    model.off("change:data", open);
    model.off("change:plane", plane);
  };
}

export default { render };
