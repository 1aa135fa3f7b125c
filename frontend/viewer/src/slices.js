// Which slice of a stack is shown: the slider, the wheel and the keys lead to the same place.
export class Slices {
  constructor({ pane: { element, find, write, viewport }, count }) {
    Object.assign(this, { viewport, count, write, slider: find("slice") });
    find("slices").hidden = count === 1;
    Object.assign(this.slider, { min: 1, max: count });
    this.slider.addEventListener("input", () => viewport.setImageIdIndex(Number(this.slider.value) - 1));
    this.describe(viewport.getCurrentImageIdIndex());
    // A single image has no slices: the wheel belongs to the page.
    if (count === 1) element.addEventListener("wheel", (event) => event.stopPropagation(), { capture: true });
  }

  turnBy(step) {
    const wanted = this.viewport.getCurrentImageIdIndex() + step;
    this.viewport.setImageIdIndex(Math.min(Math.max(wanted, 0), this.count - 1));
  }

  describe(index) {
    this.slider.value = index + 1;
    this.write("slice-of", `${index + 1} of ${this.count}`);
  }
}
