import assert from "node:assert/strict";
import test from "node:test";
import { choose, show } from "../static/js/theme.js";
import { makeElement } from "./page.mjs";

globalThis.FormData = class {
  values = new Map();
  set(name, value) { this.values.set(name, value); }
};

test("light and dark are written on the page, the device's choice removes them", () => {
  const root = makeElement();
  show(root, "dark");
  assert.equal(root.dataset.theme, "dark");
  show(root, "system");
  assert.ok(!("theme" in root.dataset));
});

test("a choice shows at once, marks its button and is sent to be remembered", async () => {
  const root = makeElement();
  const [light, dark] = ["light", "dark"].map((value) => makeElement({ value }));
  const form = makeElement({ querySelectorAll: () => [light, dark] });
  form.setAttribute("action", "/theme");
  const sent = [];
  await choose(form, dark, root, async (...what) => sent.push(what));
  assert.equal(root.dataset.theme, "dark");
  assert.deepEqual([light, dark].map((button) => button.getAttribute("aria-pressed")), ["false", "true"]);
  assert.equal(sent[0][0], "/theme");
  assert.equal(sent[0][1].body.values.get("theme"), "dark");
});
