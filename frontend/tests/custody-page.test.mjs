import assert from "node:assert/strict";
import test from "node:test";
import { existsSync } from "node:fs";
import { makeElement } from "./page.mjs";

const vendored = existsSync(new URL("../static/vendor/custody-crypto.js", import.meta.url));
const skip = vendored ? false : "the pages' libraries were not fetched";
const page = vendored ? await import("../static/js/custody-page.js") : {};
const custody = vendored ? await import("../static/js/custody.js") : {};

function makeForm(dataset) {
  const parts = {
    "[data-card]": makeElement(),
    "[name=public_key]": makeElement({ value: "" }),
    "[name=ciphertext]": makeElement({ value: "" }),
    "[data-card-typed]": makeElement({ value: "", focus() { this.focused = true; } }),
    "[data-custody-told]": makeElement({ hidden: true }),
    "[data-card-made]": makeElement({ hidden: true }),
    "[data-make-card]": makeElement({ addEventListener(_, act) { this.click = act; } }),
    "[data-with-script]": makeElement({ hidden: true }),
    "[data-needs-script]": makeElement({ remove() { this.gone = true; } }),
  };
  const form = { dataset, sent: 0, submit() { this.sent += 1; }, addEventListener(_, act) { this.onSubmit = act; } };
  form.querySelector = (what) => parts[what] ?? null;
  return { form, parts };
}

const press = (form, submitter = null) => {
  const event = { target: form, submitter, stopped: false, preventDefault() { this.stopped = true; } };
  return form.onSubmit(event).then(() => event);
};

test("the page with script shows its form once, and says no more that script is needed", { skip }, () => {
  const { form, parts } = makeForm({ custody: "card" });
  page.wake(form);
  assert.ok(parts["[data-needs-script]"].gone);
  assert.ok(!parts["[data-with-script]"].hidden);
  assert.equal(form.onSubmit, undefined);
  parts["[data-with-script]"].hidden = true;
  page.wake(form);
  assert.ok(parts["[data-with-script]"].hidden);
});

test("making a card shows it, and puts only its public half into the form", { skip }, async () => {
  const { form, parts } = makeForm({ custody: "card" });
  page.wake(form);
  await parts["[data-make-card]"].click();
  const key = await custody.readCard(parts["[data-card]"].textContent);
  const publicKey = parts["[name=public_key]"].value;
  assert.match(publicKey, /^[0-9a-f]{64}$/);
  assert.deepEqual([...custody.open(custody.seal(new Uint8Array([7]), custody.fromHex(publicKey)), key)], [7]);
  assert.ok(!parts["[data-card-made]"].hidden);
  assert.ok(parts["[data-make-card]"].hidden);
});

test("a share leaves the page sealed to the scorer, and the card does not leave it", { skip }, async () => {
  const mine = await custody.makeCard();
  const scorer = await custody.makeCard();
  const share = custody.toHex(custody.seal(new Uint8Array([1, 2, 3]), custody.fromHex(mine.publicKey)));
  const { form, parts } = makeForm({ custody: "share", share, oneTimeKey: scorer.publicKey });
  page.wake(form);
  parts["[data-card-typed]"].value = mine.card;
  assert.ok((await press(form)).stopped);
  assert.equal(form.sent, 1);
  assert.equal(parts["[data-card-typed]"].value, "");
  const sealed = custody.fromHex(parts["[name=ciphertext]"].value);
  assert.deepEqual([...custody.open(sealed, await custody.readCard(scorer.card))], [1, 2, 3]);
});

test("a mistyped card is told beside the field and nothing is sent", { skip }, async () => {
  const { form, parts } = makeForm({ custody: "share", share: "00", oneTimeKey: "00" });
  page.wake(form);
  parts["[data-card-typed]"].value = "AAAQ";
  await press(form);
  assert.equal(form.sent, 0);
  assert.match(parts["[data-custody-told]"].textContent, /not whole/);
  assert.ok(!parts["[data-custody-told]"].hidden);
  assert.ok(parts["[data-card-typed]"].focused);
  assert.equal(parts["[name=ciphertext]"].value, "");
});

test("the demo's own card is left to the server", { skip }, async () => {
  const { form } = makeForm({ custody: "share", share: "00", oneTimeKey: "00" });
  page.wake(form);
  assert.ok(!(await press(form, { name: "use_demo_card" })).stopped);
});
