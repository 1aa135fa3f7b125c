import assert from "node:assert/strict";
import test from "node:test";
import { dress, readStyle } from "../static/js/plot.js";

const style = { ink: "#111", line: "#ccc", strong: "#666", family: "sans", colorway: ["#0d5257"] };
const figure = { data: [{ y: [1, 2] }], layout: { yaxis: { title: { text: "participants" } }, annotations: [{ text: "plan" }] } };

test("the mark stands inside a simulated picture, and in no other", () => {
  const texts = (origin) => dress(figure, style, origin).layout.annotations.map((one) => one.text);
  assert.deepEqual(texts("simulated"), ["plan", "SIMULATED"]);
  assert.deepEqual(texts("human"), ["plan"]);
  assert.deepEqual(texts(undefined), ["plan"]);
});

test("the figure keeps its own words and takes the page's colours", () => {
  const { layout, data } = dress(figure, style, "human");
  assert.equal(layout.yaxis.title.text, "participants");
  assert.equal(layout.yaxis.gridcolor, "#ccc");
  assert.equal(layout.font.color, "#111");
  assert.equal(data, figure.data);
});

test("dressing leaves the figure as it was", () => {
  const before = JSON.stringify(figure);
  dress(figure, style, "simulated");
  assert.equal(JSON.stringify(figure), before);
});

test("a figure without layout is drawn as well", () => {
  assert.deepEqual(dress({ data: [] }, style, "human").layout.annotations, []);
});

test("the style comes from the page's own values", () => {
  const computed = { fontFamily: "sans", getPropertyValue: (name) => ` ${name} ` };
  assert.equal(readStyle(computed).ink, "--ink");
  assert.equal(readStyle(computed).colorway.length, 6);
});
