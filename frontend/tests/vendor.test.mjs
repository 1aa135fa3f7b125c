import assert from "node:assert/strict";
import test from "node:test";
import { STYLE_IDS } from "../static/js/plot.js";
import { checkStyles, readRules, writeRules } from "../vendor.mjs";

const bundle = `var a={"X,X div":'font-family:"Open Sans",arial;margin:0;',"X a":"color:red;",Y:"top:0;"};rest({b:1})`;

test("the rules are read out of the bundle, whichever quotes hold them", () => {
  assert.deepEqual(readRules(bundle), [
    ["X,X div", 'font-family:"Open Sans",arial;margin:0;'],
    ["X a", "color:red;"],
    ["Y", "top:0;"],
  ]);
});

test("the rules are written for Plotly's two classes", () => {
  const css = writeRules(readRules(bundle));
  assert.match(css, /\.js-plotly-plot \.plotly,\.js-plotly-plot \.plotly div\{font-family/);
  assert.match(css, /\.plotly-notifier\{top:0;\}/);
});

test("a bundle without its rules is refused", () => {
  assert.throws(() => readRules("var a={}"), /wanted one object of style rules in the bundle, found 0/);
});

test("a style of the bundle that plot.js does not know is refused", () => {
  const known = `document.getElementById("${STYLE_IDS[1]}")`;
  assert.equal(checkStyles(known), 1);
  assert.throws(() => checkStyles(`${known}document.getElementById("${"ab".repeat(32)}")`), /plot\.js does not know/);
});
