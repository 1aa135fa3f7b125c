import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { findHidden, holds } from "../static/js/branching.js";

// The same cases as tests/cohort/crf/test_expressions.py, which also holds the trees to what the server reads.
const load = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url)));
const cases = load("branching-cases.json");
const trees = load("branching-trees.json");

for (const { show_if: text, answers, holds: wanted } of cases) {
  test(`${text} with ${JSON.stringify(answers)}`, () => assert.equal(holds(trees[text], answers), wanted));
}

test("what hangs on a question that is not asked is not asked", () => {
  const conditions = {
    site: ["=", ["answer", "any"], ["text", "1"]],
    side: ["!=", ["answer", "site"], ["text", "spine"]],
  };
  assert.deepEqual([...findHidden(conditions, { any: "0", site: "rib" })].sort(), ["side", "site"]);
  assert.deepEqual([...findHidden(conditions, { any: "1", site: "rib" })], []);
  assert.deepEqual([...findHidden(conditions, { any: "1", site: "spine" })], ["side"]);
});

test("a decimal comma is a number", () => {
  assert.ok(holds([">", ["abs", ["-", ["answer", "a"], ["answer", "b"]]], ["number", "0.5"]], { a: "160,7", b: "160.1" }));
});
