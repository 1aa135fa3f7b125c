import assert from "node:assert/strict";
import test from "node:test";
import { sayMeanwhile, usesOnly } from "../static/js/crf.js";

test("a condition on another form's answer is left to the server", () => {
  const tree = ["and", ["=", ["answer", "sex"], ["text", "F"]], [">", ["answer", "meno_status"], ["text", "2"]]];
  assert.ok(!usesOnly(tree, { meno_status: "" }));
  assert.ok(usesOnly(tree, { meno_status: "", sex: "F" }));
});

test("their answer is shown beside mine, and of an outcome only that there is one", () => {
  const words = sayMeanwhile({ fal_12m: "2", fal_aid: "", fxh_site: null });
  assert.match(words.fal_12m, /meanwhile: 2\./);
  assert.match(words.fal_aid, /meanwhile: no answer\./);
  assert.match(words.fxh_site, /load the form again/);
});
