import assert from "node:assert/strict";
import test from "node:test";
import { check, matches } from "../static/js/confirm-type.js";
import { makeElement } from "./page.mjs";

function makeForm(typed) {
  const input = makeElement({ value: typed });
  const error = makeElement({ hidden: true });
  const parts = { "[name=retyped]": input, "[data-confirm-error]": error };
  return { form: { dataset: { confirm: "EXB-0002-4" }, querySelector: (what) => parts[what] }, input, error };
}

test("the same word passes, spaces around it forgiven, case not", () => {
  assert.ok(matches("EXB-0002-4", " EXB-0002-4 "));
  assert.ok(!matches("EXB-0002-4", "exb-0002-4"));
  assert.ok(!matches("EXB-0002-4", ""));
});

test("another word shows the error beside the field", () => {
  const { form, input, error } = makeForm("EXB-0002");
  assert.ok(!check(form).right);
  assert.ok(!error.hidden);
  assert.equal(input.getAttribute("aria-invalid"), "true");
});

test("the right word takes the error away", () => {
  const { form, input, error } = makeForm("EXB-0002-4");
  input.setAttribute("aria-invalid", "true");
  error.hidden = false;
  assert.ok(check(form).right);
  assert.ok(error.hidden);
  assert.equal(input.getAttribute("aria-invalid"), null);
});
