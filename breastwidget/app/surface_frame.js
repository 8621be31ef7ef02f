// The scene's frame. Each scene gets the viewer's page afresh, behind the one that is shown until it
// is drawn: so nothing flickers, and what the browser held for the old scene goes with its frame.

async function render({ model, el }) {
  const referred = (name) => {
    const id = model.get(name)?.slice("IPY_MODEL_".length);
    return id ? model.widget_manager.get_model(id) : null;
  };
  const ear = await referred("ear"); // see ear.py
  el.classList.add("bw-frames");
  let [shown, coming, view] = [null, null, null];
  let [ready, filled] = [false, false]; // how far the coming frame is
  let [picture, cuts] = [null, 0]; // the slice's picture, and how often it was cut
  let due = null; // a timer, while the plane is to move

  const background = () => getComputedStyle(el).getPropertyValue("--bw-scene").trim() || "#f4f6f8";
  const tell = (frame, message) => frame?.contentWindow?.postMessage(message, "*");
  const copied = (part) =>
    part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength);

  // The slice's plane is cut out of the picture that the page has: nothing more is sent for it.
  const grayOf = async ({ cut, size }) => {
    const [kind, value] = [picture.get("format"), picture.get("value")];
    const image = await createImageBitmap(new Blob([value], { type: `image/${kind}` }));
    const paper = new OffscreenCanvas(...size).getContext("2d", { willReadFrequently: true });
    paper.imageSmoothingQuality = "high";
    paper.drawImage(image, ...cut, 0, 0, ...size);
    image.close();
    return paper.getImageData(0, 0, ...size).data.filter((_value, at) => at % 4 === 0).buffer;
  };
  const place = async () => {
    const [plane, mine] = [ear.get("plane"), ++cuts];
    const there = plane && picture?.get("value")?.byteLength;
    const gray = there ? await grayOf(plane).catch(() => null) : null;
    if (mine !== cuts) return; // a later one is on its way
    const placed = plane && { offset: plane.offset, gray };
    for (const frame of [shown, coming]) tell(frame, { kind: "plane", plane: placed });
  };
  // A little after the slice, which would otherwise wait while the scene is drawn; picture and place,
  // which come one after the other, are one move.
  const move = () => { due ??= setTimeout(() => { due = null; place(); }, 120); };
  const follow = async () => {
    picture = await referred("picture");
    picture?.on("change:value", move);
    place();
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
    if (!ear.get("page")) return;
    if (coming && !filled) { // it was there before its scene
      if (ready) fill(coming);
      return;
    }
    coming?.remove();
    [ready, filled] = [false, false];
    coming = document.createElement("iframe");
    coming.className = "bw-scene bw-coming";
    coming.title = "The lesions' surfaces; drag or arrow keys turn, wheel or + and − zoom";
    coming.setAttribute("sandbox", "allow-scripts");
    coming.srcdoc = ear.get("page");
    el.append(coming);
  };
  const fill = async (frame) => {
    if (ear.get("data").byteLength === 0) return;
    if (frame === coming) filled = true;
    watch();
    await place(); // before the scene, which is then drawn with it
    const bytes = copied(ear.get("data"));
    tell(frame, { kind: "scene", bytes, view, background: background() });
  };
  const heard = ({ source, data }) => {
    const frame = [shown, coming].find((each) => each && source === each.contentWindow);
    if (!frame) return;
    if (data?.kind === "ready") { // once more where a page moves a frame, which then loads again
      if (frame === coming) ready = true;
      fill(frame);
    }
    if (data?.kind === "view") view = data.view;
    if (/^(focus|blur)$/.test(data?.kind)) frame.classList.toggle("bw-focused", data.kind === "focus");
    if (data?.kind === "drawn" && frame === coming) {
      shown?.remove();
      [shown, coming] = [coming, null];
      shown.classList.remove("bw-coming");
    }
  };
  window.addEventListener("message", heard);
  system.addEventListener("change", themed);
  ear.on("change:page change:data", open);
  ear.on("change:plane", move);
  follow();
  open();
  return () => {
    window.removeEventListener("message", heard);
    system.removeEventListener("change", themed);
    watcher.disconnect();
    ear.off("change:page change:data", open);
    ear.off("change:plane", move);
    picture?.off("change:value", move);
    clearTimeout(due);
  };
}

export default { render };
