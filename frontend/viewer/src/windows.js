// Which values are shown between black and white, in the units of the image. Pure.

// What the clinic looks at, by the unit of the values. lower, upper: in that unit.
const PRESETS = {
  "mg HA/cm3": [
    { name: "Whole bone", lower: -100, upper: 1300 },
    { name: "Trabecular", lower: -100, upper: 500 },
    { name: "Cortical", lower: 400, upper: 1400 },
  ],
  "g/cm2": [{ name: "Forearm", lower: 0, upper: 1 }],
  HU: [
    { name: "Bone", lower: -700, upper: 1300 },
    { name: "Soft tissue", lower: -160, upper: 240 },
  ],
};
const WRITTEN = { "mg HA/cm3": "mg HA/cm³", "g/cm2": "g/cm²", "stored value": "", native: "" };
// What lies beyond these shares of all pixels does not decide how bright an image is.
const TAILS = [0.005, 0.995];
const AT_MOST_SAMPLES = 20000;

// Stored numbers become values by value = stored * slope + intercept (PS3.3, C.11.1).
export const toValue = (stored, { slope, intercept }) => stored * slope + intercept;
export const toStored = (value, { slope, intercept }) => (value - intercept) / slope;

export function rangeOf(values) {
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { sum, min, max };
}

// The window that fits an image: between the tails of what is stored in it.
export function fit(stored, scaling) {
  const step = Math.max(1, Math.floor(stored.length / AT_MOST_SAMPLES));
  const some = [];
  for (let at = 0; at < stored.length; at += step) some.push(stored[at]);
  some.sort((one, other) => one - other);
  const [lower, upper] = TAILS.map((share) => toValue(some[Math.round(share * (some.length - 1))], scaling));
  return widen({ name: "Automatic", lower, upper });
}

// An image of one value has no width of its own.
function widen(one) {
  return one.upper > one.lower ? one : { ...one, upper: one.lower + 1 };
}

export function listWindows(unit, stored, scaling) {
  const { min, max } = rangeOf(stored);
  const [lower, upper] = [min, max].map((value) => toValue(value, scaling));
  return [fit(stored, scaling), ...(PRESETS[unit] ?? []), widen({ name: "Whole range", lower, upper })];
}

// Move a window by shares of its width: brighter or darker, wider or narrower.
export function moveWindow({ lower, upper }, { shift = 0, stretch = 0 }) {
  const width = upper - lower;
  const centre = (lower + upper) / 2 + shift * width;
  const half = (width * (1 + stretch)) / 2;
  return { lower: centre - half, upper: centre + half };
}

export function writeUnit(unit) {
  return WRITTEN[unit] ?? unit;
}

// As many digits as the unit deserves: areal density lies near 1, everything else in the hundreds.
export function writeValue(value, unit) {
  const digits = unit === "g/cm2" ? 3 : Number.isInteger(value) ? 0 : 1;
  return [value.toFixed(digits), writeUnit(unit)].filter(Boolean).join(" ");
}

export function writeWindow({ lower, upper }, unit) {
  const [from, to] = unit === "g/cm2" ? [lower, upper] : [lower, upper].map(Math.round);
  return `${writeValue(from, unit).split(" ")[0]} to ${writeValue(to, unit)}`;
}
