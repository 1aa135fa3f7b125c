// A row of images with one row of tools: the library behind it is started once.
import { eventTarget, getShouldUseCPURendering, init, RenderingEngine } from "@cornerstonejs/core";
import { startLoading } from "./load.js";
import { Pane } from "./pane.js";
import { LENGTH_DONE, makeTools, startTools } from "./tools.js";

const BUTTONS = { "zoom-in": ["zoom", 1.25], "zoom-out": ["zoom", 0.8], invert: ["invert"], reset: ["reset"], clear: ["clear"] };
const all = [];
let isStarted = false;
let count = 0;

function start() {
  if (isStarted) return;
  isStarted = true;
  init();
  startTools();
  startLoading();
}

export async function openViewer(box) {
  start();
  const engine = new RenderingEngine(`viewer-${(count += 1)}`);
  const isCpu = getShouldUseCPURendering();
  const panes = [...box.querySelectorAll("[data-files]")].map((one, index) => new Pane(one, engine, `${engine.id}-${index}`, isCpu));
  const opened = (await Promise.all(panes.map(tryOpen))).filter(Boolean);
  if (opened.length) addTools(box, engine, opened);
  all.push(...opened);
  box.dataset.state = "ready";
}

async function tryOpen(pane) {
  try {
    await pane.open();
    return pane;
  } catch (reason) {
    pane.element.classList.remove("viewer-on");
    pane.stage.hidden = true;
    pane.say(`The small picture is all there is here: ${reason.message}.`);
    return null;
  }
}

function addTools(box, engine, panes) {
  const tools = makeTools(engine.id, engine.id, panes.map((one) => one.id));
  const bar = box.querySelector("[data-tools]");
  bar.hidden = false;
  const buttons = [...bar.querySelectorAll("[data-tool]")];
  const choose = (name) => {
    tools.choose(name);
    for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.tool === name));
  };
  let current = panes[0];
  const turnTo = (pane) => {
    current = pane;
    for (const one of panes) one.element.classList.toggle("viewer-current", panes.length > 1 && one === pane);
  };
  for (const one of buttons) one.addEventListener("click", () => choose(one.dataset.tool));
  for (const one of bar.querySelectorAll("[data-act]")) {
    one.addEventListener("click", () => current.act(...BUTTONS[one.dataset.act]));
  }
  for (const pane of panes) {
    pane.element.addEventListener("pointerdown", () => turnTo(pane), { capture: true });
    pane.element.addEventListener("focusin", () => turnTo(pane));
  }
  choose("window");
  turnTo(current);
  eventTarget.addEventListener(LENGTH_DONE, () => current.sayLength());
  new ResizeObserver(() => engine.resize(true, true)).observe(box);
}

// For tests: what the browser holds, to be compared with what another reader finds in the same files.
window.trabeculaViewer = {
  isCpu: () => getShouldUseCPURendering(),
  sums: () => Promise.all(all.map((pane) => pane.sums())),
  lengths: () => all.map((pane) => pane.lengths()),
  windows: () => all.map((pane) => pane.brightness.window),
  slices: () => all.map((pane) => pane.viewport.getCurrentImageIdIndex()),
  view: () => all.map((pane) => ({ zoom: pane.viewport.getZoom(), pan: pane.viewport.getPan(), ...pane.viewport.getProperties() })),
  place: (number, index) => {
    const box = all[number].stage.getBoundingClientRect();
    const [x, y] = all[number].places.canvasAt(index);
    return [box.left + x, box.top + y];
  },
};
