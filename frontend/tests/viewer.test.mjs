import assert from "node:assert/strict";
import test from "node:test";
import { actOf } from "../viewer/src/keys.js";
import { chooseBar, describeMarks, writeLength } from "../viewer/src/marks.js";
import { makeCrosshair } from "../viewer/src/measure.js";
import { fit, listWindows, moveWindow, rangeOf, toStored, toValue, writeValue, writeWindow } from "../viewer/src/windows.js";
import { isAllowed, packageOf } from "../viewer/licences.mjs";

const AS_STORED = { slope: 1, intercept: 0 };
const DENSITY = { slope: 0.5, intercept: -200 };

test("a value and what is stored for it lead back to each other", () => {
  assert.equal(toValue(1000, DENSITY), 300);
  assert.equal(toStored(300, DENSITY), 1000);
});

test("sum, least and greatest are those of the numbers", () => {
  assert.deepEqual(rangeOf(new Int16Array([3, -4, 9])), { sum: 8, min: -4, max: 9 });
});

test("a few wild pixels do not decide how bright an image is", () => {
  const pixels = new Uint16Array(1000).fill(100).map((value, at) => value + at % 100);
  pixels[0] = 65535;
  const { lower, upper } = fit(pixels, AS_STORED);
  assert.ok(lower >= 100 && upper <= 199);
  assert.equal(listWindows("", pixels, AS_STORED).at(-1).upper, 65535);
});

test("an image of one value still has a window", () => {
  const { lower, upper } = fit(new Uint16Array(10).fill(7), AS_STORED);
  assert.deepEqual([lower, upper], [7, 8]);
});

test("each unit has the windows of its clinic, in its own values", () => {
  const names = (unit) => listWindows(unit, new Uint16Array([0, 1000]), DENSITY).map((one) => one.name);
  assert.ok(names("mg HA/cm3").includes("Trabecular"));
  assert.ok(names("g/cm2").includes("Forearm"));
  assert.deepEqual(names("stored value"), ["Automatic", "Whole range"]);
  assert.deepEqual(listWindows("mg HA/cm3", new Uint16Array([0, 1000]), DENSITY).at(-1), { name: "Whole range", lower: -200, upper: 300 });
});

test("a window moves and widens by shares of itself", () => {
  assert.deepEqual(moveWindow({ lower: 0, upper: 100 }, { shift: 0.05 }), { lower: 5, upper: 105 });
  assert.deepEqual(moveWindow({ lower: 0, upper: 100 }, { stretch: -0.1 }), { lower: 5, upper: 95 });
});

test("values are written with their unit, and with the digits it deserves", () => {
  assert.equal(writeValue(0.41234, "g/cm2"), "0.412 g/cm²");
  assert.equal(writeValue(812, "mg HA/cm3"), "812 mg HA/cm³");
  assert.equal(writeValue(812.25, "mg HA/cm3"), "812.3 mg HA/cm³");
  assert.equal(writeValue(1200, "stored value"), "1200");
  assert.equal(writeWindow({ lower: -100, upper: 500 }, "mg HA/cm3"), "-100 to 500 mg HA/cm³");
  assert.equal(writeWindow({ lower: -308.6, upper: 943.2 }, "mg HA/cm3"), "-309 to 943 mg HA/cm³");
  assert.equal(writeWindow({ lower: 0, upper: 1.0376 }, "g/cm2"), "0.000 to 1.038 g/cm²");
});

test("a scale bar is the longest round length that fits", () => {
  assert.deepEqual(chooseBar(10), { length: 10, pixels: 100 });
  assert.deepEqual(chooseBar(70), { length: 2, pixels: 140 });
  assert.equal(chooseBar(0.5).length, 200);
  assert.ok(Math.abs(chooseBar(300).length - 0.2) < 1e-12);
});

test("the mark is in a simulated picture and in no other", () => {
  const bar = { length: 10, pixels: 100 };
  const of = (origin, spacingIs = "patient") => describeMarks({ origin, side: "R", spacing_is: spacingIs }, bar);
  assert.deepEqual(of("simulated"), { mark: "SIMULATED", side: "RIGHT", scale: "10 mm" });
  assert.equal(of("human").mark, "");
  assert.equal(of("human", "detector").scale, "10 mm at the detector");
  assert.equal(of("human", "none").scale, "10 px");
});

test("a length says what it is a length of", () => {
  assert.equal(writeLength(18.04, "patient"), "18.0 mm");
  assert.equal(writeLength(4.25, "detector"), "4.25 mm at the detector");
  assert.equal(writeLength(40, "none"), "40.0 px");
});

test("arrows move the image, and the crosshair while measuring", () => {
  const press = (key, isMeasuring, shiftKey = false) => actOf({ key, shiftKey }, isMeasuring);
  assert.deepEqual(press("ArrowLeft", false), ["pan", [-1, 0]]);
  assert.deepEqual(press("ArrowLeft", true), ["move", [-1, 0]]);
  assert.deepEqual(press("ArrowDown", true, true), ["move", [0, 10]]);
  assert.deepEqual(press("ArrowDown", false, true), ["pan", [0, 10]]);
  assert.deepEqual(press("m", false), ["measure"]);
  assert.deepEqual(press("Escape", true), ["stop"]);
});

test("keys of the browser and of the page are left alone", () => {
  assert.equal(actOf({ key: "r", ctrlKey: true }, false), null);
  assert.equal(actOf({ key: "?" }, false), null);
  assert.equal(actOf({ key: "Tab" }, true), null);
  assert.equal(actOf({ key: "Enter" }, false), null);
  assert.equal(actOf({ key: "Escape" }, false), null);
});

test("a crosshair begins in the middle, stays in the image and gives two ends", () => {
  const crosshair = makeCrosshair([100, 50], () => [49.6, 25]);
  assert.equal(crosshair.at, null);
  crosshair.begin();
  assert.deepEqual(crosshair.at, [50, 25]);
  assert.equal(crosshair.set(), null);
  crosshair.move([-10, 0]);
  assert.deepEqual(crosshair.set(), [[50, 25], [40, 25]]);
  crosshair.move([500, 500]);
  assert.deepEqual(crosshair.at, [99, 49]);
  crosshair.end();
  assert.equal(crosshair.at, null);
});

test("only what leaves us a permissive licence may be shipped", () => {
  for (const one of ["MIT", "(WTFPL OR MIT)", "(MIT AND Zlib)"]) assert.ok(isAllowed(one));
  for (const one of ["GPL-3.0", "(MIT AND GPL-3.0)", "", "UNLICENSED"]) assert.ok(!isAllowed(one));
});

test("a module's package is found, whether scoped or nested", () => {
  assert.equal(packageOf("/a/node_modules/@x/core/dist/i.js"), "/a/node_modules/@x/core");
  assert.equal(packageOf("/a/node_modules/b/node_modules/c/i.js?x"), "/a/node_modules/b/node_modules/c");
  assert.equal(packageOf("/a/viewer/src/main.js"), null);
});
