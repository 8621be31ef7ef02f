// The client-side hand over one slice picture: rubber band and handles, brush, zoom and pan,
// crosshair, wheel and keys. Everything is drawn here first; the kernel hears what came of it.
// Positions are in columns and rows of the picture, pixel c covering [c, c + 1).

const SLICES = { ArrowDown: 1, ArrowRight: 1, PageDown: 5, ArrowUp: -1, ArrowLeft: -1, PageUp: -5 };
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TOOLS = {
  b: "box", p: "point", n: "negative point", m: "paint", e: "erase", w: "window", h: "pan",
};
const COMMANDS = {
  Enter: "propagate", d: "next doubtful", "[": "smaller brush", "]": "larger brush",
  s: "next suggestion", a: "accept suggestion", x: "crosshair", l: "look",
  1: "axial", 2: "coronal", 3: "sagittal", 4: "enlarge",
};
const GRIPS = {
  nw: [0, 0], n: [0.5, 0], ne: [1, 0], e: [1, 0.5], se: [1, 1], s: [0.5, 1], sw: [0, 1], w: [0, 0.5],
};
const MARKUP = `<svg class="bw-live bw-zooms" xmlns="http://www.w3.org/2000/svg" aria-hidden="true">
  <path class="bw-line bw-crosshair"/><path class="bw-stroke"/><path class="bw-line bw-brush"/>
  <path class="bw-line bw-halo"/><path class="bw-line bw-box"/><path class="bw-handles"/></svg>
  <div class="bw-letters" aria-hidden="true"><i></i><i></i><i></i><i></i></div>
  <div class="bw-title"></div><div class="bw-zoom" aria-hidden="true"></div>
  <div class="bw-readout" aria-hidden="true"><b></b><span></span></div>
  <div class="bw-scale" aria-hidden="true"><span></span><i></i></div>
  <button class="bw-enlarge" title="Make this the large view (4)" aria-label="Make this the large view"
    tabindex="-1">⤢</button>
  <table class="bw-keys" hidden></table><p class="bw-unseen bw-said" role="status"></p>
  <p class="bw-unseen bw-how">Press the question mark for the list of keys.</p>`;

const clamp = (value, lo, hi) => Math.min(Math.max(value, lo), hi);
const ordered = ([x0, y0, x1, y1]) =>
  [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
const between = (a, b) => [(a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2];
const apart = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);

// Ramer, Douglas and Peucker: the path without the points that lie within `tolerance` of it.
function simplified(path, tolerance) {
  if (path.length < 3) return path;
  const [[ax, ay], [bx, by]] = [path[0], path.at(-1)];
  const length = Math.hypot(bx - ax, by - ay);
  let [far, at] = [0, 0];
  for (let i = 1; i < path.length - 1; i++) {
    const [x, y] = path[i];
    const away = length
      ? Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length : Math.hypot(x - ax, y - ay);
    if (away > far) [far, at] = [away, i];
  }
  if (far <= tolerance) return [path[0], path.at(-1)];
  const before = simplified(path.slice(0, at + 1), tolerance);
  return [...before.slice(0, -1), ...simplified(path.slice(at), tolerance)];
}

// Messages in order, one unanswered at a time: however slow the kernel is, no queue builds up, as
// what waits is summed (wheel, window) or replaced by what came later (crosshair).
const MERGED = {
  step: (old, now) => ({ ...now, by: old.by + now.by }),
  window: (old, now) =>
    ({ ...now, wider: old.wider + now.wider, brighter: old.brighter + now.brighter }),
  cursor: (_old, now) => now,
};
function createPost(model) {
  const waiting = [];
  const me = Math.random().toString(36).slice(2); // the same view may be shown twice on a page
  let [sent, asked, count, timer] = [null, null, 0, null];
  const { nudge, stop } = createNudge(model);
  const deliver = (message) => {
    const number = `${me}-${++count}`;
    model.send({ ...message, number });
    return number;
  };
  const next = () => {
    clearTimeout(timer);
    sent = waiting.shift() ?? null;
    if (!sent) return;
    nudge();
    const number = (sent.number = deliver(sent.message));
    timer = setTimeout(() => answered({ number }), 5000); // the kernel may have died
  };
  const answered = (answer) => {
    if (answer.number === asked?.number) {
      const { settle } = asked;
      asked = null;
      settle(answer.reply);
    }
    if (answer.number !== sent?.number) return;
    for (const settle of sent.settles) settle(answer.reply);
    next();
  };
  const post = (message, settle = () => {}) => {
    const [last, merged] = [waiting.at(-1), MERGED[message.kind]];
    if (merged && last?.message.kind === message.kind) {
      last.message = merged(last.message, message);
      last.settles.push(settle);
    } else waiting.push({ message, settles: [settle] });
    if (!sent) next();
  };
  const ask = (message, settle) => { // a question, for whose answer no message has to wait
    asked = { number: deliver(message), settle, until: performance.now() + 5000 };
  };
  const idle = () => sent === null && !(performance.now() < asked?.until);
  return { post, ask, answered, idle, stop };
}

// What follows a small packet Jupyter's server keeps back until the browser has acknowledged that one,
// which it does with whatever it sends next, or after 40 ms (Nagle's algorithm and delayed
// acknowledgements). The kernel says first that it is busy: so something is sent on hearing that, and
// once more when the first change has come.
function createNudge(model) {
  const heard = model.widget_manager.kernel?.iopubMessage; // none where there is no Jupyter server
  let [since, last, left] = [0, 0, 0];
  const hear = (_kernel, { header, parent_header }) => {
    if (left === 0) return;
    const came = header.msg_type === "comm_msg" && Date.parse(parent_header.date) >= since;
    if (!came && performance.now() - last < 8) return;
    last = performance.now();
    left = came ? 0 : left - 1; // a kernel that does not know us answers nudges and nothing else
    setTimeout(() => model.send({ kind: "nudge" }), came ? 8 : 0); // a picture is shown first
  };
  heard?.connect(hear);
  const nudge = () => { [since, left] = [Date.now(), 4]; };
  return { nudge, stop: () => heard?.disconnect(hear) };
}

// Zoom and pan as variables of the stage, which its style sheet turns into a transform.
function createCamera(pad, changed) {
  let [zoom, x, y] = [1, 0, 0]; // the shift in fractions of the stage
  const place = () => {
    [x, y] = [clamp(x, 1 - zoom, 0), clamp(y, 1 - zoom, 0)];
    const style = pad.closest(".bw-stage")?.style;
    style?.setProperty("--bw-zoom", zoom);
    style?.setProperty("--bw-x", `${100 * x}%`);
    style?.setProperty("--bw-y", `${100 * y}%`);
    changed(zoom);
  };
  const zoomBy = (factor, clientX, clientY) => {
    const { left, top, width, height } = pad.getBoundingClientRect();
    const [u, v] = [(clientX - left) / width, (clientY - top) / height];
    const [old, next] = [zoom, clamp(zoom * factor, 1, 16)];
    [zoom, x, y] = [next, u - ((u - x) * next) / old, v - ((v - y) * next) / old];
    place();
  };
  const pan = (dx, dy) => {
    [x, y] = [x + dx / pad.clientWidth, y + dy / pad.clientHeight];
    place();
  };
  const reveal = (u, v) => { // shift as little as brings this fraction of the picture into view
    x = clamp(x, 0.05 - zoom * u, 0.95 - zoom * u);
    y = clamp(y, 0.05 - zoom * v, 0.95 - zoom * v);
    place();
  };
  const reset = () => { zoom = 1; place(); };
  return { place, zoomBy, pan, reveal, reset };
}

// ipywidgets gives some controls no name for screen readers: handles of sliders, colours, fields
// without a description. Their label has it, as its text or as its tooltip.
function nameControl({ target }) {
  if (!target.matches?.(".bw-app :is(.noUi-handle, input):not([aria-label])")) return;
  const widget = target.closest(".jupyter-widgets");
  const label = widget?.querySelector(".widget-label");
  const name = label?.textContent.trim() || label?.title || widget?.title;
  const ends = widget?.querySelectorAll(".noUi-handle").length > 1;
  const end = target.matches(".noUi-handle-upper") ? ", upper end" : ", lower end";
  if (name) target.setAttribute("aria-label", ends ? name + end : name);
}

function buildPad(el, keys) {
  const pad = document.createElement("div");
  pad.className = "bw-hand";
  pad.tabIndex = 0;
  pad.setAttribute("role", "application");
  pad.dataset.lmSuppressShortcuts = "true"; // JupyterLab keeps its own keys to itself
  pad.innerHTML = MARKUP;
  for (const [key, what] of keys) {
    const row = pad.querySelector(".bw-keys").insertRow();
    row.appendChild(document.createElement("th")).textContent = key;
    row.insertCell().textContent = what;
  }
  const how = pad.querySelector(".bw-how");
  how.id = `bw-how-${Math.random().toString(36).slice(2)}`;
  pad.setAttribute("aria-describedby", how.id);
  el.replaceChildren(pad);
  return pad;
}

async function render({ model, el }) {
  const id = model.get("ear").slice("IPY_MODEL_".length); // see ear.py
  const ear = await model.widget_manager.get_model(id);
  const pad = buildPad(el, model.get("key_list"));
  const find = (name) => pad.querySelector(name);
  const { post, ask, answered, idle, stop } = createPost(model);
  let view = ear.get("state");
  // What is drawn here before the kernel has answered, over what the kernel says.
  let [band, path, cross] = [null, null, null];
  let keyed = null; // while a box is drawn by keys: which of its corners the arrows move, 0 or 2
  let hover = null; // where the pointer rests
  let [gesture, space, zoomed, turned, probing] = [null, null, false, 0, null];
  const pointers = new Map();

  const stage = () => pad.closest(".bw-stage") ?? el;
  const frame = () => (stage().querySelector("img") ?? find("svg")).getBoundingClientRect();
  const inside = ([x, y]) => [clamp(x, 0, view.columns), clamp(y, 0, view.rows)];
  const locateFreely = ({ clientX, clientY }) => {
    const { left, top, width, height } = frame();
    return [((clientX - left) / width) * view.columns, ((clientY - top) / height) * view.rows];
  };
  const locate = (event) => inside(locateFreely(event));
  const send = (message, settle) => post({ plane: view.plane, ...message }, settle);

  // Drawing

  const line = (name, d) => find(name).setAttribute("d", d);
  const at = ([x, y]) => `${x * view.mm[0]},${y * view.mm[1]}`; // the SVG's unit is the millimetre
  const drawBox = () => {
    const [x0, y0, x1, y1] = band ?? view.box ?? [];
    const corner = ([u, v]) => at([x0 + u * (x1 - x0), y0 + v * (y1 - y0)]);
    const { nw, ne, se, sw } = GRIPS;
    const outline = x0 === undefined ? "" : `M${[nw, ne, se, sw].map(corner).join("L")}Z`;
    line(".bw-halo", outline);
    line(".bw-box", outline);
    const held = outline && view.tool === "box";
    line(".bw-handles", held ? Object.values(GRIPS).map((grip) => `M${corner(grip)}h0`).join("") : "");
  };
  const drawBrush = () => {
    const tip = (view.tool === "paint" || view.tool === "erase") && view.large && (hover ?? view.cursor);
    const [across, half] = [view.brush, view.brush / 2];
    const circle = `m${-half},0a${half},${half},0,1,0,${across},0a${half},${half},0,1,0,${-across},0`;
    line(".bw-brush", tip ? `M${at(tip)}${circle}` : "");
    line(".bw-stroke", path ? `M${path.map(at).join("L")}h0` : "");
    find(".bw-stroke").style.strokeWidth = across;
  };
  const drawRuler = (pixelsPerMm) => {
    const fits = (mm) => mm * pixelsPerMm < pad.clientWidth / 3;
    const mm = [200, 100, 50, 20, 10, 5, 2, 1].find(fits) ?? 1;
    find(".bw-scale i").style.width = `${mm * pixelsPerMm}px`;
    find(".bw-scale span").textContent = `${mm} mm`;
  };
  const tell = (lines) => { // none: not known yet
    find(".bw-readout span").classList.toggle("bw-stale", !lines);
    if (lines) find(".bw-readout span").textContent = lines.join("\n");
  };
  const draw = () => {
    const pixelsPerMm = (frame().width || 1) / (view.columns * view.mm[0]); // 0 while hidden
    find("svg").setAttribute("viewBox", `0 0 ${view.columns * view.mm[0]} ${view.rows * view.mm[1]}`);
    const [x, y] = (cross ?? view.cursor).map((value, axis) => value * view.mm[axis]);
    const gap = (view.large ? 12 : 6) / pixelsPerMm;
    const hairs = `M-9999,${y}H${x - gap}M${x + gap},${y}H9999M${x},-9999V${y - gap}M${x},${y + gap}V9999`;
    line(".bw-crosshair", view.crosshair ? hairs : "");
    drawBox();
    drawBrush();
    drawRuler(pixelsPerMm);
    const place = hover ?? (view.large ? cross ?? view.cursor : null);
    const [column, row] = place ? place.map(Math.floor) : [];
    find(".bw-readout b").textContent = place
      ? `column ${Math.min(column, view.columns - 1)}, row ${Math.min(row, view.rows - 1)}` : "";
    if (!hover) tell(view.large ? view.readout : []);
  };
  const say = (text) => { find(".bw-said").textContent = text; };
  const show = () => {
    pad.setAttribute("aria-label", view.label);
    pad.classList.toggle("bw-small", !view.large);
    pad.dataset.tool = view.large ? view.tool : "";
    pad.style.setProperty("--bw-colour", view.colour);
    find(".bw-title").textContent = view.title;
    find(".bw-title").title = view.note;
    pad.querySelectorAll(".bw-letters i").forEach((letter, side) => {
      letter.textContent = view.edges[side];
    });
    if (document.activeElement === pad && find(".bw-said").textContent !== view.title) say(view.title);
    draw();
  };
  const camera = createCamera(pad, (zoom) => {
    stage().classList.toggle("bw-crisp", frame().width / view.columns >= 3);
    find(".bw-zoom").textContent = zoom > 1 ? `× ${zoom.toFixed(1)}` : "";
    if (zoomed !== zoom > 1) send({ kind: "zoomed", zoomed: (zoomed = zoom > 1) });
    draw();
  });

  // What is sent. What was drawn stays until the kernel, which then shows the same, has answered.

  const takeBox = (slice) => {
    const mine = (band = ordered(band));
    send({ kind: "box", slice, box: mine }, () => { if (band === mine) { band = null; draw(); } });
  };
  const takeStroke = (slice, erase) => {
    const mine = path;
    const points = simplified(path, (0.5 * view.columns) / frame().width); // half a CSS pixel
    const settle = () => { if (path === mine) { path = null; draw(); } };
    send({ kind: "stroke", slice, path: points, erase }, settle);
  };
  const aim = (to) => {
    cross = to;
    const settle = () => { if (cross === to) { cross = null; draw(); } };
    send({ kind: "cursor", slice: view.slice, at: to }, settle);
    draw();
  };
  const step = (by) => {
    const under = hover; // the reply says what lies there then
    send({ kind: "step", by, at: under }, (reply) => {
      if (hover !== under || !reply) return;
      clearTimeout(probing);
      probing = null;
      tell(reply);
    });
  };
  const point = (to, altKey) => {
    const positive = (view.tool === "point") !== altKey;
    send({ kind: "point", slice: view.slice, at: to, positive });
  };
  const probe = () => {
    probing ??= setTimeout(() => { // at most five a second, and always the last one
      probing = null;
      if (!hover || gesture) return;
      if (!idle()) return probe(); // whatever a person wants goes first
      const asked = hover;
      ask({ kind: "probe", plane: view.plane, slice: view.slice, at: asked }, (reply) => {
        if (hover === asked && reply) tell(reply);
      });
    }, 200);
  };
  const drop = () => {
    const busy = gesture !== null || keyed !== null;
    [gesture, band, keyed, path, cross] = [null, null, null, null, null];
    draw();
    return busy;
  };

  // Gestures: each has `move`, `end` after a drag, and `click` where the pointer stayed

  const gripAt = ({ clientX, clientY }) => {
    if (!view.large || view.tool !== "box" || !view.box) return null;
    const { left, top, width, height } = frame();
    const [x0, x1] = [view.box[0], view.box[2]].map((x) => left + (x / view.columns) * width);
    const [y0, y1] = [view.box[1], view.box[3]].map((y) => top + (y / view.rows) * height);
    let [found, nearest] = [null, 9];
    for (const [name, [u, v]] of Object.entries(GRIPS)) {
      if ((u === 0.5 && x1 - x0 < 30) || (v === 0.5 && y1 - y0 < 30)) continue;
      const away = Math.hypot(clientX - x0 - u * (x1 - x0), clientY - y0 - v * (y1 - y0));
      if (away < nearest) [found, nearest] = [name, away];
    }
    const depth = Math.min(clientX - x0, x1 - clientX, clientY - y0, y1 - clientY);
    return found ?? (depth > -4 && depth < 8 ? "move" : null);
  };
  const adjusted = ([x0, y0, x1, y1], grip, dx, dy) => {
    if (grip === "move") {
      [dx, dy] = [clamp(dx, -x0, view.columns - x1), clamp(dy, -y0, view.rows - y1)];
      return [x0 + dx, y0 + dy, x1 + dx, y1 + dy];
    }
    const side = (letter, by) => (grip.includes(letter) ? by : 0);
    const [left, top] = inside([x0 + side("w", dx), y0 + side("n", dy)]);
    return [left, top, ...inside([x1 + side("e", dx), y1 + side("s", dy)])];
  };
  const offered = ([x, y]) => // by a suggestion, which a click accepts where it can do nothing else
    /^(box|window|pan)$/.test(view.tool) &&
    view.offers.some(([x0, y0, x1, y1]) => x0 <= x && x <= x1 && y0 <= y && y <= y1);
  const aimAt = (event) => aim(locate(event));
  const click = (event) => {
    const at = locate(event);
    if (offered(at)) send({ kind: "accept", slice: view.slice, at });
    else aim(at);
  };
  const boxing = (down) => {
    const [slice, grip, first] = [view.slice, gripAt(down), view.box];
    const [start, free] = [locate(down), locateFreely(down)];
    const move = (event) => {
      const [x, y] = locateFreely(event);
      band = grip ? adjusted(first, grip, x - free[0], y - free[1]) : [...start, ...locate(event)];
    };
    return { move, end: () => takeBox(slice), click: grip ? () => {} : click };
  };
  const pointing = () => {
    const place = (event) => point(locate(event), event.altKey);
    return { move() {}, end: place, click: place };
  };
  const brushing = (down) => {
    const [slice, erase] = [view.slice, (view.tool === "erase") !== down.altKey];
    path = [locate(down)];
    const move = (event) => {
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const each of passed.length ? passed : [event]) path.push(locate(each));
    };
    const end = () => takeStroke(slice, erase);
    return { move, end, click: end };
  };
  const windowing = () => {
    const move = (_event, dx, dy) => send({ kind: "window", wider: dx / 300, brighter: -dy / 300 });
    return { move, end() {}, click };
  };
  const panning = () => ({ move: (_event, dx, dy) => camera.pan(dx, dy), end() {}, click() {} });
  const aiming = () => ({ move: aimAt, end: aimAt, click: aimAt });
  const gestures = {
    box: boxing, point: pointing, "negative point": pointing, paint: brushing, erase: brushing,
    window: windowing, pan: () => ({ ...panning(), click }),
  };
  const begin = (event) => {
    if (event.target.closest("button, table")) return;
    pad.focus({ preventScroll: true });
    if (event.button > 1) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId); // a drag that ends outside still ends here
    pointers.set(event.pointerId, event);
    drop();
    if (space) space.used = true;
    if (pointers.size > 1) return; // two fingers: `pinch`
    const free = event.button === 1 || space ? panning : event.shiftKey || !view.large ? aiming : null;
    gesture = { ...(free ?? gestures[view.tool])(event), from: event, last: event, moved: false };
    draw();
  };
  const pinch = (event) => {
    const [a, b] = [...pointers.values()];
    const [c, d] = [a, b].map((each) => (each.pointerId === event.pointerId ? event : each));
    const [before, after] = [between(a, b), between(c, d)];
    camera.zoomBy(apart(c, d) / (apart(a, b) || 1), ...before);
    camera.pan(after[0] - before[0], after[1] - before[1]);
  };
  const moved = (event) => {
    hover = locate(event);
    if (pointers.size === 2 && pointers.has(event.pointerId)) pinch(event);
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, event);
    if (gesture) {
      gesture.moved ||= apart(event, gesture.from) > 3;
      const { clientX, clientY } = gesture.last;
      if (gesture.moved) gesture.move(event, event.clientX - clientX, event.clientY - clientY);
      if (gesture.moved) gesture.last = event;
    } else {
      pad.dataset.grip = gripAt(event) ?? (offered(hover) ? "offer" : "");
      pad.title = pad.dataset.grip === "offer" ? "Click: accept this suggestion (a)" : "";
      tell(null);
      probe();
    }
    draw();
  };
  const ended = (event) => {
    pointers.delete(event.pointerId);
    const done = gesture;
    gesture = null;
    if (done?.moved) done.end(event);
    else done?.click(event);
    probe();
    draw();
  };
  const turnedWheel = (event) => {
    if (event.target.closest("table")) return; // the list of keys scrolls
    event.preventDefault();
    const delta = (event.deltaY || event.deltaX) * (event.deltaMode ? 40 : 1);
    if (event.ctrlKey || event.metaKey) {
      camera.zoomBy(Math.exp(-clamp(delta, -25, 25) / 100), event.clientX, event.clientY);
    } else if (Math.abs(delta) >= 40) { // a mouse's notch
      step(Math.sign(delta) * Math.max(1, Math.round(Math.abs(delta) / 120)));
    } else { // a touch pad's trickle
      turned += delta;
      const by = Math.trunc(turned / 40);
      turned -= 40 * by;
      if (by) step(by);
    }
  };

  // Keys

  const act = () => { // the tool, used at the crosshair
    const { tool, slice } = view;
    const cursor = cross ?? view.cursor; // where it was moved to, though the kernel may not know yet
    if (tool === "box") beginKeyed();
    else if (tool.endsWith("point")) point(cursor, false);
    else if (tool === "paint" || tool === "erase") { path = [cursor]; takeStroke(slice, tool === "erase"); }
  };
  const beginKeyed = () => {
    const [x, y] = cross ?? view.cursor;
    band = view.box ? [...view.box] : [...inside([x - 4, y - 4]), ...inside([x + 4, y + 4])];
    keyed = 2;
    sayBox();
  };
  const sayBox = () => {
    const [x0, y0, x1, y1] = ordered(band).map(Math.round);
    say(`Box from column ${x0}, row ${y0} to column ${x1}, row ${y1}`);
    draw();
  };
  const keyedBox = ({ key, shiftKey }) => {
    if (key === "k") keyed = 2 - keyed;
    else if (key === "Enter") { keyed = null; takeBox(view.slice); }
    else if (WAYS[key]) {
      const far = WAYS[key].map((way, axis) => band[keyed + axis] + way * (shiftKey ? 10 : 1));
      band = keyed ? [...band.slice(0, 2), ...inside(far)] : [...inside(far), ...band.slice(2)];
      sayBox();
    } else return false;
    return true;
  };
  const moveCross = (way, by) => {
    hover = null;
    const from = cross ?? view.cursor;
    const to = [0, 1].map((axis) => from[axis] + way[axis] * by);
    aim([clamp(to[0], 0.5, view.columns - 0.5), clamp(to[1], 0.5, view.rows - 0.5)]);
    camera.reveal(cross[0] / view.columns, cross[1] / view.rows);
  };
  const zoomAtCross = (factor) => {
    const { left, top, width, height } = frame();
    const [x, y] = cross ?? view.cursor;
    camera.zoomBy(factor, left + (x / view.columns) * width, top + (y / view.rows) * height);
  };
  const plainKey = ({ key }) => {
    const by = { ...SLICES, Home: -view.slices, End: view.slices }[key];
    if (by !== undefined) step(by);
    else if (key === "+" || key === "=") zoomAtCross(1.25);
    else if (key === "-") zoomAtCross(0.8);
    else if (key === "0") camera.reset();
    else if (key === "?") find(".bw-keys").toggleAttribute("hidden");
    else if (key === "o") stage().classList.add("bw-bare");
    else if (key === "k" && view.large) beginKeyed();
    else if (key === "Delete" || key === "Backspace") {
      const reach = (10 * view.columns) / frame().width;
      send({ kind: "remove", slice: view.slice, at: hover ?? cross ?? view.cursor, reach });
    } else if (TOOLS[key]) {
      view = { ...view, tool: TOOLS[key] };
      send({ kind: "tool", tool: view.tool });
      show();
    } else if (COMMANDS[key]) send({ kind: "command", name: COMMANDS[key] });
    else return false;
    return true;
  };
  const pressed = (event) => {
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const way = WAYS[key];
    if (key === "Escape") {
      const listed = !find(".bw-keys").hidden;
      find(".bw-keys").hidden = true;
      return drop() || listed;
    }
    if (keyed !== null && keyedBox(event)) return true;
    if ((ctrlKey || metaKey) && /^[zy]$/i.test(key)) {
      const redo = shiftKey || key.toLowerCase() === "y";
      send({ kind: "command", name: redo ? "redo" : "undo" });
    } else if (way && altKey) send({ kind: "window", wider: 0.05 * way[0], brighter: -0.05 * way[1] });
    else if (way && shiftKey) moveCross(way, ctrlKey || metaKey ? 10 : 1);
    else if (ctrlKey || metaKey || altKey) return false;
    else if (key === " ") space ??= { used: false };
    else return plainKey(event);
    return true;
  };
  const released = ({ key }) => {
    stage().classList.remove("bw-bare");
    if (key !== " " || !space) return;
    if (!space.used && view.large) act();
    space = null;
  };

  const renew = () => {
    const old = view;
    view = ear.get("state");
    if (old.plane !== view.plane) { drop(); camera.reset(); }
    else if (old.slice !== view.slice && keyed !== null) drop();
    if (hover && old.slice !== view.slice) { tell(null); probe(); }
    show();
  };
  const answer = (message) => { if (message.kind === "answer") answered(message); };
  const on = (name, act, options) => pad.addEventListener(name, act, options);
  on("pointerdown", begin);
  on("pointermove", moved);
  on("pointerup", ended);
  on("pointercancel", (event) => { pointers.delete(event.pointerId); drop(); });
  on("pointerleave", () => { if (!gesture) { hover = null; draw(); } });
  on("dblclick", () => { if (!/point|paint|erase/.test(view.tool)) camera.reset(); });
  on("wheel", turnedWheel, { passive: false });
  on("keydown", (event) => {
    if (event.target !== pad || !pressed(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  on("keyup", released);
  on("blur", () => { space = null; stage().classList.remove("bw-bare"); });
  find(".bw-enlarge").addEventListener("click", () => send({ kind: "command", name: "enlarge" }));
  const resized = new ResizeObserver(() => camera.place());
  resized.observe(pad);
  show();
  document.addEventListener("focusin", nameControl);
  ear.on("change:state", renew);
  ear.on("msg:custom", answer);
  return () => {
    resized.disconnect();
    clearTimeout(probing);
    stop();
    document.removeEventListener("focusin", nameControl);
    ear.off("change:state", renew);
    ear.off("msg:custom", answer);
  };
}

export default { render };
