// What is drawn into the picture itself, so that a crop or a saved copy still carries it: mark, side and scale.
const SIDES = { L: "LEFT", R: "RIGHT" };
const STEPS = [1, 2, 5];
const WIDEST = 140; // CSS pixels of the scale bar.

// The longest round length that fits: 1, 2 or 5 times a power of ten.
export function chooseBar(pixelsPerUnit) {
  const most = WIDEST / pixelsPerUnit;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = Math.max(...STEPS.map((step) => step * power).filter((one) => one <= most));
  return { length, pixels: length * pixelsPerUnit };
}

export function writeLength(length, spacingIs) {
  const digits = length < 10 ? 2 : 1;
  if (spacingIs === "none") return `${length.toFixed(1)} px`;
  return `${length.toFixed(digits)} mm${spacingIs === "detector" ? " at the detector" : ""}`;
}

export function describeMarks({ origin, side, spacing_is: spacingIs }, bar) {
  const length = Number(bar.length.toPrecision(1));
  return {
    mark: origin === "simulated" ? "SIMULATED" : "",
    side: SIDES[side] ?? "",
    scale: spacingIs === "none" ? `${length} px` : `${length} mm${spacingIs === "detector" ? " at the detector" : ""}`,
  };
}

// context: 2D, of a picture width by height CSS pixels; ratio: device pixels per CSS pixel.
export function drawMarks(context, { width, height, ratio }, { mark, side, scale }, bar) {
  context.save();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.lineJoin = "round";
  const write = (text, x, y, size, align = "left") => {
    context.font = `600 ${size}px system-ui, sans-serif`;
    context.textAlign = align;
    context.lineWidth = 4;
    context.strokeStyle = "#000";
    context.fillStyle = "#fff";
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  };
  write(side, 10, 26, 18);
  write(scale, 10, height - 22, 13);
  drawBar(context, 10, height - 12, bar.pixels);
  if (mark) {
    write(mark, width - 10, 24, 14, "right");
    drawAcross(context, width, height, mark);
  }
  context.restore();
}

function drawBar(context, x, y, pixels) {
  for (const [colour, thick] of [["#000", 5], ["#fff", 2]]) {
    context.beginPath();
    context.moveTo(x, y - 5);
    context.lineTo(x, y);
    context.lineTo(x + pixels, y);
    context.lineTo(x + pixels, y - 5);
    context.strokeStyle = colour;
    context.lineWidth = thick;
    context.stroke();
  }
}

// Faint and over the whole picture: too large to be cut off, too faint to hide bone.
function drawAcross(context, width, height, mark) {
  context.translate(width / 2, height / 2);
  context.rotate(-Math.PI / 9);
  context.font = `600 ${Math.round(Math.min(width, height * 1.3) / 7)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.fillStyle = "rgb(255 255 255 / 10%)";
  context.fillText(mark, 0, 0);
}
