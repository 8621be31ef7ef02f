// In the viewer's page: shows the scene that the frame's owner sends, and moves the slice's plane,
// which is the last actor.
(() => {
  let [plane, background] = [null, null];

  const scene = window.global; // where the viewer leaves its render window
  // Its first renderer is empty; the scene brings its own.
  const renderer = () => scene.renderWindow?.getRenderers().find((each) => each.getActors().length);

  function place() {
    const actor = renderer()?.getActors().at(-1);
    if (!actor) return;
    actor.setVisibility(plane !== null);
    if (plane !== null) {
      actor.setPosition(...plane.offset);
      if (plane.gray) draw(actor, new Uint8Array(plane.gray));
    }
    renderer().resetCameraClippingRange();
  }

  // The plane's texture has three bytes per pixel; the picture comes with one.
  function draw(actor, gray) {
    const texture = actor.getTextures()[0];
    const image = texture?.getInputData();
    const scalars = image?.getPointData().getScalars();
    if (!scalars || scalars.getData().length !== 3 * gray.length) return;
    const colours = new Uint8Array(3 * gray.length);
    gray.forEach((value, pixel) => colours.fill(value, 3 * pixel, 3 * pixel + 3));
    scalars.setData(colours, 3);
    image.modified();
    // vtk.js would write into the texture that the browser has, which WebGL does not allow.
    const view = scene.renderWindow.getViews()[0];
    view.getViewNodeFor(texture)?.releaseGraphicsResources(view);
    texture.modified();
  }

  function paint() {
    const parts = /^#(..)(..)(..)$/.exec(background ?? "");
    if (!parts || !renderer()) return;
    renderer().setBackground(...parts.slice(1).map((part) => parseInt(part, 16) / 255));
  }

  // A new scene is seen from where the one before it was seen, at its own distance.
  function turn(view) {
    if (!view) return;
    const camera = renderer().getActiveCamera();
    const [focus, distance] = [camera.getFocalPoint(), camera.getDistance()];
    camera.setPosition(...focus.map((at, axis) => at - view.direction[axis] * distance));
    camera.setViewUp(...view.up);
  }

  function load({ bytes, view }) {
    OfflineLocalView.load(document.body, { file: new Blob([bytes]) });
    const finish = () => {
      if (!renderer()) return setTimeout(finish, 15);
      turn(view);
      place();
      paint();
      scene.renderWindow.render();
      parent.postMessage({ kind: "drawn" }, "*");
    };
    finish();
  }

  function told({ data }) {
    if (data.kind === "scene") {
      background = data.background;
      load(data);
      return;
    }
    if (data.kind === "plane") plane = data.plane;
    if (data.kind === "background") background = data.background;
    place();
    paint();
    scene.renderWindow?.render();
  }

  function turned() {
    const camera = renderer()?.getActiveCamera();
    if (!camera) return;
    const view = { direction: camera.getDirectionOfProjection(), up: camera.getViewUp() };
    parent.postMessage({ kind: "view", view }, "*");
  }

  const TURNS = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, 10], ArrowDown: [0, -10] };
  const ZOOMS = { "+": 1.15, "=": 1.15, "-": 1 / 1.15 };
  function pressed(event) {
    const [turn, zoom] = [TURNS[event.key], ZOOMS[event.key]];
    if (!(turn || zoom) || event.ctrlKey || event.metaKey || event.altKey || !renderer()) return;
    event.preventDefault();
    const camera = renderer().getActiveCamera();
    if (zoom) camera.dolly(zoom);
    else {
      camera.azimuth(turn[0]);
      camera.elevation(turn[1]);
      camera.orthogonalizeViewUp();
    }
    renderer().resetCameraClippingRange();
    scene.renderWindow.render();
    turned();
  }

  function start() {
    if (!window.OfflineLocalView) return setTimeout(start, 15);
    // Left alone, the viewer would ask for a file to be dropped on it.
    OfflineLocalView.load(document.createElement("div"), {});
    scene.renderWindow = undefined;
    window.addEventListener("message", told);
    window.addEventListener("pointerup", turned);
    window.addEventListener("keydown", pressed, true);
    // The page around it cannot tell: to its style sheet a frame never has the focus.
    for (const kind of ["focus", "blur"])
      window.addEventListener(kind, () => parent.postMessage({ kind }, "*"));
    parent.postMessage({ kind: "ready" }, "*");
  }
  start();
})();
