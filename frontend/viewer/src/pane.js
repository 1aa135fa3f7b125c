// One series on the page: its images, its marks, and what mouse and keys do to it.
import { Enums } from "@cornerstonejs/core";
import { Brightness } from "./brightness.js";
import { actOf } from "./keys.js";
import { fetchSeries, loadAll, loadImage, pixelsOf, scalingOf } from "./load.js";
import { chooseBar, describeMarks, drawMarks, writeLength } from "./marks.js";
import { drawCrosshair, makeCrosshair } from "./measure.js";
import { makePlaces } from "./places.js";
import { Slices } from "./slices.js";
import { addLength, clearLengths, listLengths } from "./tools.js";
import { rangeOf, toValue, writeValue } from "./windows.js";

const { Events, ViewportType } = Enums;
const PAN_STEP = 8; // CSS pixels.

export class Pane {
  constructor(element, engine, id, isCpu) {
    Object.assign(this, { element, engine, id, isCpu, scaling: null });
    this.find = (name) => element.querySelector(`[data-${name}]`);
    this.write = (name, text) => { this.find(name).textContent = text; };
    this.stage = this.find("stage");
  }

  // Shows the series, or throws an Error a person can read.
  async open() {
    this.series = await fetchSeries(this.element.dataset.files);
    const { ids, spacing, unit } = this.series;
    const middle = Math.floor(ids.length / 2);
    this.image = await loadImage(ids[middle]);
    this.element.classList.add("viewer-on");
    this.stage.hidden = false;
    this.engine.enableElement({ viewportId: this.id, element: this.stage, type: ViewportType.STACK });
    this.stage.tabIndex = 0; // The library takes it out of the order of Tab.
    this.viewport = this.engine.getViewport(this.id);
    await this.viewport.setStack(ids, middle);
    this.places = makePlaces({ stage: this.stage, viewport: this.viewport, spacing, isCpu: this.isCpu });
    this.crosshair = makeCrosshair([this.image.columns, this.image.rows], this.places.middle);
    this.listen();
    this.brightness = new Brightness({
      viewport: this.viewport, choice: this.find("windows"), unit, pixels: pixelsOf(this.image),
      scaling: scalingOf(this.image), write: this.write,
    });
    this.slices = new Slices({ pane: this, count: ids.length });
    this.images = loadAll(ids);
    this.images.catch((reason) => this.say(`Not all images came: ${reason.message}.`));
  }

  listen() {
    const on = (name, act) => this.stage.addEventListener(name, act);
    on(Events.IMAGE_RENDERED, () => this.mark());
    on(Events.STACK_NEW_IMAGE, ({ detail }) => this.turnTo(detail));
    on(Events.VOI_MODIFIED, ({ detail }) => this.brightness?.take(detail.range));
    on("mousemove", (event) => this.read(this.places.pixelUnder(event)));
    on("mouseleave", () => this.write("readout", ""));
    on("keydown", (event) => this.press(event));
    on("contextmenu", (event) => event.preventDefault());
  }

  turnTo({ image, imageIdIndex }) {
    this.image = image;
    this.crosshair.end();
    this.brightness?.turnTo(scalingOf(image));
    this.slices.describe(imageIdIndex);
  }

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
      window: () => this.brightness.move(argument),
      slice: () => this.slices.turnBy(argument),
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
    this.viewport.setPan([left + x * PAN_STEP, top + y * PAN_STEP]);
  }

  reset() {
    this.crosshair.end();
    this.viewport.setProperties({ invert: false });
    this.viewport.resetCamera();
    this.brightness.show(0);
  }

  setEnd() {
    const ends = this.crosshair.set();
    if (!ends) return;
    addLength(this.id, ends.map(this.places.worldAt));
    this.sayLength();
  }

  sayLength() {
    const lengths = this.lengths();
    if (lengths.length) this.write("said", `Length ${writeLength(lengths.at(-1), this.series.spacing_is)}`);
  }

  // In mm, or in pixels where the spacing is not known.
  lengths() {
    return listLengths(this.stage).map(({ data: { handles: { points: [one, other] } } }) =>
      Math.hypot(...one.map((value, axis) => value - other[axis])));
  }

  read([x, y]) {
    const isInside = x >= 0 && y >= 0 && x < this.image.columns && y < this.image.rows;
    const value = isInside && toValue(pixelsOf(this.image)[y * this.image.columns + x], scalingOf(this.image));
    this.write("readout", isInside ? `${writeValue(value, this.series.unit)} at column ${x + 1}, row ${y + 1}` : "");
  }

  mark() {
    const canvas = this.viewport.getCanvas();
    const context = canvas.getContext("2d");
    const ratio = window.devicePixelRatio || 1;
    const bar = chooseBar(this.places.pixelsPerUnit());
    const size = { width: canvas.width / ratio, height: canvas.height / ratio, ratio };
    drawMarks(context, size, describeMarks(this.series, bar), bar);
    const { at, start } = this.crosshair;
    if (at) drawCrosshair(context, ratio, this.places.canvasAt(at), start && this.places.canvasAt(start));
  }

  say(sentence) {
    this.find("notice").hidden = false;
    this.write("notice", sentence);
  }

  // Sum, least and greatest of the stored integers of all images: for comparing with another reader.
  async sums() {
    const found = (await this.images).map((image) => rangeOf(pixelsOf(image)));
    const of = (name) => found.map((one) => one[name]);
    return { sum: of("sum").reduce((all, one) => all + one), min: Math.min(...of("min")), max: Math.max(...of("max")) };
  }
}
