import assert from "node:assert/strict";
import test from "node:test";
import { copy } from "../static/js/copy.js";

const button = { dataset: { copy: "link" } };

test("the link is copied and the page says so", async () => {
  const written = [];
  const told = await copy(button, () => ({ value: "https://example.org/join" }), async (text) => written.push(text));
  assert.deepEqual(written, ["https://example.org/join"]);
  assert.equal(told, "Copied.");
});

test("where the browser refuses, the text is selected and the page says what to do", async () => {
  let selected = false;
  const source = { value: "x", select: () => { selected = true; } };
  const told = await copy(button, () => source, async () => { throw new Error("refused"); });
  assert.ok(selected);
  assert.match(told, /by hand/);
});
