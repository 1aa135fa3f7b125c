// The window of a series: kept in the unit of its values, given to the library as stored numbers.
import { listWindows, moveWindow, toStored, toValue, writeWindow } from "./windows.js";

export class Brightness {
  // pixels, scaling: of the image shown first; write: (name, text) into the pane.
  constructor({ viewport, choice, unit, pixels, scaling, write }) {
    Object.assign(this, { viewport, choice, unit, scaling, write });
    this.windows = listWindows(unit, pixels, scaling);
    choice.replaceChildren(...this.windows.map((one, index) => new Option(one.name, index)), new Option("Own", "own"));
    choice.addEventListener("change", () => this.show(Number(choice.value)));
    this.show(0);
  }

  show(index) {
    if (this.windows[index]) this.apply(this.windows[index]);
  }

  move(by) {
    this.apply({ name: "Own", ...moveWindow(this.window, by) });
  }

  apply(window) {
    this.window = window;
    const [lower, upper] = [window.lower, window.upper].map((value) => toStored(value, this.scaling));
    this.isOurs = true; // What the library now reports is what it was told.
    this.viewport.setProperties({ voiRange: { lower, upper } });
    this.isOurs = false;
    this.viewport.render();
    this.describe();
  }

  // The library's range changed by itself: somebody dragged.
  take({ lower, upper }) {
    if (this.isOurs) return;
    this.window = { name: "Own", lower: toValue(lower, this.scaling), upper: toValue(upper, this.scaling) };
    this.describe();
  }

  // Another image of the series is shown; where it is scaled otherwise, the same values are other stored numbers.
  turnTo(scaling) {
    const isOther = scaling.slope !== this.scaling.slope || scaling.intercept !== this.scaling.intercept;
    this.scaling = scaling;
    if (isOther) this.apply(this.window);
  }

  describe() {
    const index = this.windows.indexOf(this.window);
    this.choice.value = index < 0 ? "own" : String(index);
    this.write("window-is", writeWindow(this.window, this.unit));
  }
}
