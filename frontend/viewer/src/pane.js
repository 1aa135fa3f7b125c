// One series on the page: its images, its window, its marks, and what mouse and keys do to it.
import { Enums } from "@cornerstonejs/core";
import { drawMarks, chooseBar, describeMarks, writeLength } from "./marks.js";
import { actOf } from "./keys.js";
import { drawCrosshair, makeCrosshair } from "./measure.js";
import { fetchSeries, loadAll, loadImage, pixelsOf, scalingOf } from "./load.js";
import { listWindows, moveWindow, rangeOf, toStored, toValue, writeValue, writeWindow } from "./windows.js";
import { addLength, clearLengths, LENGTH_DONE, listLengths } from "./tools.js";

const { Events, ViewportType } = Enums;
const PAN_STEP = 8; // CSS pixels.

export class Pane {
  constructor(element, engine, id, isCpu) {
    this.element = element;
    this.engine = engine;
    this.id = id;
    this.isCpu = isCpu;
    this.stage = element.querySelector("[data-stage]");
    this.find = (name) => element.querySelector(`[data-${name}]`);
  }

  // Shows the series, or throws an Error a person can read.
  async open() {
    this.series = await fetchSeries(this.element.dataset.files);
    const middle = Math.floor(this.series.ids.length / 2);
    this.image = await loadImage(this.series.ids[middle]);
    this.scaling = scalingOf(this.image);
    this.windows = listWindows(this.series.unit, pixelsOf(this.image), this.scaling);
    this.window = this.windows[0];
    this.crosshair = makeCrosshair([this.image.columns, this.image.rows], () => this.indexAt(this.centre()));
    this.element.classList.add("viewer-on");
    this.stage.hidden = false;
    this.engine.enableElement({ viewportId: this.id, element: this.stage, type: ViewportType.STACK });
    this.stage.tabIndex = 0; // The library takes it out of the order of Tab.
    this.viewport = this.engine.getViewport(this.id);
    this.listen();
    await this.viewport.setStack(this.series.ids, middle);
    this.applyWindow();
    this.describe();
    this.images = loadAll(this.series.ids);
    this.images.catch((reason) => this.say(`Not all images came: ${reason.message}.`));
  }

  listen() {
    const on = (name, act) => this.stage.addEventListener(name, act);
    on(Events.IMAGE_RENDERED, () => this.mark());
    on(Events.STACK_NEW_IMAGE, ({ detail }) => this.turnTo(detail));
    on(Events.VOI_MODIFIED, ({ detail }) => this.takeWindow(detail.range));
    on("mousemove", (event) => this.read(event));
    on("mouseleave", () => this.write("readout", ""));
    on("keydown", (event) => this.press(event));
    on("contextmenu", (event) => event.preventDefault());
    // A single image has no slices: the wheel belongs to the page.
    if (this.series.ids.length === 1) this.stage.addEventListener("wheel", (event) => event.stopImmediatePropagation(), { capture: true });
  }

  describe() {
    const choice = this.find("windows");
    choice.replaceChildren(...this.windows.map((one, index) => new Option(one.name, index)), new Option("Own", "own"));
    choice.addEventListener("change", () => this.showWindow(Number(choice.value)));
    const slice = this.find("slice");
    const count = this.series.ids.length;
    slice.closest("[data-slices]").hidden = count === 1;
    Object.assign(slice, { min: 1, max: count, value: this.viewport.getCurrentImageIdIndex() + 1 });
    slice.addEventListener("input", () => this.viewport.setImageIdIndex(Number(slice.value) - 1));
    this.writeSlice();
    this.writeWindow();
  }

  turnTo({ image, imageIdIndex }) {
    this.image = image;
    this.scaling = scalingOf(image);
    this.index = imageIdIndex;
    this.crosshair.end();
    this.writeSlice();
  }

  writeSlice() {
    const at = (this.index ?? this.viewport.getCurrentImageIdIndex()) + 1;
    this.find("slice").value = at;
    this.write("slice-of", `${at} of ${this.series.ids.length}`);
  }

  // --- the window, in the unit of the values --------------------------------------------------------------------

  showWindow(index) {
    if (!this.windows[index]) return;
    this.window = this.windows[index];
    this.applyWindow();
  }

  applyWindow() {
    const [lower, upper] = [this.window.lower, this.window.upper].map((value) => toStored(value, this.scaling));
    this.isOurs = true; // What the library now reports is what it was told.
    this.viewport.setProperties({ voiRange: { lower, upper } });
    this.isOurs = false;
    this.viewport.render();
    this.writeWindow();
  }

  takeWindow({ lower, upper }) {
    if (this.isOurs) return;
    this.window = { name: "Own", lower: toValue(lower, this.scaling), upper: toValue(upper, this.scaling) };
    this.writeWindow();
  }

  writeWindow() {
    const index = this.windows.indexOf(this.window);
    this.find("windows").value = index < 0 ? "own" : String(index);
    this.write("window-is", writeWindow(this.window, this.series.unit));
  }

  // --- acts of buttons and keys ---------------------------------------------------------------------------------

  press(event) {
    const found = actOf(event, this.crosshair.at !== null);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    this.act(...found);
  }

  act(name, argument) {
    const acts = {
      zoom: () => this.viewport.setZoom(this.viewport.getZoom() * argument),
      pan: () => this.pan(argument),
      invert: () => this.viewport.setProperties({ invert: !this.viewport.getProperties().invert }),
      window: () => {
        this.window = { name: "Own", ...moveWindow(this.window, argument) };
        this.applyWindow();
      },
      slice: () => this.turnBy(argument),
      reset: () => this.reset(),
      clear: () => clearLengths(this.stage),
      measure: () => this.crosshair.begin(),
      move: () => this.crosshair.move(argument),
      set: () => this.setEnd(),
      stop: () => this.crosshair.end(),
    };
    acts[name]();
    this.viewport.render();
  }

  pan([x, y]) {
    const [left, top] = this.viewport.getPan();
    this.viewport.setPan([left - x * PAN_STEP, top - y * PAN_STEP]);
  }

  turnBy(step) {
    const last = this.series.ids.length - 1;
    const at = Math.min(Math.max(this.viewport.getCurrentImageIdIndex() + step, 0), last);
    this.viewport.setImageIdIndex(at);
  }

  reset() {
    this.crosshair.end();
    this.viewport.setProperties({ invert: false });
    this.viewport.resetCamera();
    this.showWindow(0);
  }

  setEnd() {
    const ends = this.crosshair.set();
    if (!ends) return;
    addLength(this.id, ends.map((one) => this.worldAt(one)));
    this.sayLength();
  }

  sayLength() {
    const lengths = this.lengths();
    if (lengths.length) this.write("said", `Length ${writeLength(lengths.at(-1), this.series.spacing_is)}`);
  }

  // In mm, or in pixels where the spacing is not known.
  lengths() {
    return listLengths(this.stage).map(({ data }) => {
      const [one, other] = data.handles.points;
      return Math.hypot(...one.map((value, axis) => value - other[axis]));
    });
  }

  // --- places ---------------------------------------------------------------------------------------------------
  // Where the library draws by the processor it counts from the corner of the first pixel, else from its centre.

  worldAt([x, y]) {
    const shift = this.isCpu ? 0.5 : 0;
    const [z, dy, dx] = this.series.spacing;
    return [(x + shift) * dx, (y + shift) * dy, this.viewport.getCurrentImageIdIndex() * z];
  }

  indexAt(canvasPoint) {
    const [x, y] = this.viewport.canvasToWorld(canvasPoint);
    const round = this.isCpu ? Math.floor : Math.round;
    return [round(x / this.series.spacing[2]), round(y / this.series.spacing[1])];
  }

  centre() {
    return [this.stage.clientWidth / 2, this.stage.clientHeight / 2];
  }

  canvasAt(index) {
    return this.viewport.worldToCanvas(this.worldAt(index));
  }

  read(event) {
    const box = this.stage.getBoundingClientRect();
    const [x, y] = this.indexAt([event.clientX - box.left, event.clientY - box.top]);
    const isInside = x >= 0 && y >= 0 && x < this.image.columns && y < this.image.rows;
    this.write("readout", isInside ? this.valueAt(x, y) : "");
  }

  valueAt(x, y) {
    const value = toValue(pixelsOf(this.image)[y * this.image.columns + x], this.scaling);
    return `${writeValue(value, this.series.unit)} at column ${x + 1}, row ${y + 1}`;
  }

  // --- what is drawn and written --------------------------------------------------------------------------------

  mark() {
    const canvas = this.viewport.getCanvas();
    const context = canvas.getContext("2d");
    const [from, to] = [[0, 0], [this.image.columns - 1, 0]].map((index) => this.canvasAt(index));
    const units = (this.image.columns - 1) * this.series.spacing[2];
    const bar = chooseBar(Math.hypot(to[0] - from[0], to[1] - from[1]) / units);
    const ratio = window.devicePixelRatio || 1;
    const size = { width: canvas.width / ratio, height: canvas.height / ratio, ratio };
    drawMarks(context, size, describeMarks(this.series, bar), bar);
    const { at, start } = this.crosshair;
    if (at) drawCrosshair(context, ratio, this.canvasAt(at), start && this.canvasAt(start));
  }

  write(name, text) {
    this.find(name).textContent = text;
  }

  say(sentence) {
    this.find("notice").hidden = false;
    this.write("notice", sentence);
  }

  // Sum, least and greatest of the stored integers of all images: for comparing with another reader.
  async sums() {
    const found = (await this.images).map((image) => rangeOf(pixelsOf(image)));
    return found.reduce((all, one) => ({
      sum: all.sum + one.sum, min: Math.min(all.min, one.min), max: Math.max(all.max, one.max),
    }));
  }
}

export { LENGTH_DONE };
