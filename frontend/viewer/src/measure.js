// Measuring without a mouse: a crosshair that arrows move, its two ends set with Enter. Pure but for the drawing.
const ARM = 12;

// size: [columns, rows]; positions are whole pixels of the image.
export function makeCrosshair(size, middle) {
  let at = null;
  let start = null;
  const within = (value, most) => Math.min(Math.max(Math.round(value), 0), most - 1);
  return {
    get at() { return at; },
    get start() { return start; },
    begin() {
      at = middle().map((value, axis) => within(value, size[axis]));
      start = null;
    },
    end() { at = start = null; },
    move([x, y]) { at = [within(at[0] + x, size[0]), within(at[1] + y, size[1])]; },
    // Returns both ends when the second was set, else nothing.
    set() {
      if (!start) {
        start = at;
        return null;
      }
      const ends = [start, at];
      start = null;
      return ends;
    },
  };
}

// at, start: CSS pixels on the canvas; start may be missing.
export function drawCrosshair(context, ratio, at, start) {
  context.save();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  for (const [colour, width] of [["#000", 4], ["#ffd166", 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    for (const [x, y] of start ? [at, start] : [at]) {
      context.moveTo(x - ARM, y);
      context.lineTo(x + ARM, y);
      context.moveTo(x, y - ARM);
      context.lineTo(x, y + ARM);
    }
    if (start) {
      context.moveTo(...start);
      context.lineTo(...at);
    }
    context.stroke();
  }
  context.restore();
}
