import assert from "node:assert/strict";
import test from "node:test";
import { AT_ONCE, explain, runQueue, withTries } from "../static/js/sending.js";

test("never more than four files are on their way, and all arrive in their places", async () => {
  let now = 0;
  let most = 0;
  const tasks = Array.from({ length: 11 }, (_, number) => async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
    return number;
  });
  const results = await runQueue(tasks);
  assert.equal(most, AT_ONCE);
  assert.deepEqual(results.map((one) => one.value), tasks.map((_, number) => number));
});

test("a file that fails stops none of the others", async () => {
  const results = await runQueue([async () => 1, async () => { throw new Error("no"); }, async () => 3]);
  assert.deepEqual(results.map((one) => one.ok), [true, false, true]);
});

test("a break in the line is tried again, a refusal is not", async () => {
  let tries = 0;
  const broken = Object.assign(new Error("gone"), { isBreak: true });
  assert.equal(await withTries(async () => { if (++tries < 3) throw broken; return "arrived"; }), "arrived");
  tries = 0;
  await assert.rejects(withTries(async () => { tries++; throw new Error("refused"); }), /refused/);
  assert.equal(tries, 1);
});

test("what the portal says is shown to a person as a sentence", () => {
  assert.equal(explain(422, '{"detail": "the file broke off"}'), "The file broke off");
  assert.equal(explain(400, '{"visit": ["is no visit"]}'), "is no visit");
  assert.match(explain(0, ""), /broke off/);
  assert.match(explain(500, "<html>"), /500/);
});
