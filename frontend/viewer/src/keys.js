// What a key does while an image has the focus. Pure.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 10;
const PLAIN = {
  "+": ["zoom", 1.25], "=": ["zoom", 1.25], "-": ["zoom", 0.8], 0: ["reset"], r: ["reset"], i: ["invert"],
  m: ["measure"], "[": ["window", { shift: -0.05 }], "]": ["window", { shift: 0.05 }],
  "{": ["window", { stretch: -0.1 }], "}": ["window", { stretch: 0.1 }],
  PageUp: ["slice", -1], PageDown: ["slice", 1], Home: ["slice", -Infinity], End: ["slice", Infinity],
};
const MEASURING = { Enter: ["set"], " ": ["set"], Escape: ["stop"], m: ["stop"] };

// Returns [act, argument], or nothing for a key that is not ours.
export function actOf({ key, shiftKey, ctrlKey, metaKey, altKey }, isMeasuring) {
  if (ctrlKey || metaKey || altKey) return null;
  const arrow = ARROWS[key];
  if (arrow) {
    const far = shiftKey ? FAR : 1;
    return [isMeasuring ? "move" : "pan", arrow.map((step) => step * far)];
  }
  return (isMeasuring ? MEASURING[key] : null) ?? PLAIN[key] ?? null;
}
