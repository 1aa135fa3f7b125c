import assert from "node:assert/strict";
import test from "node:test";
import { clock, counts, decide, makeMemory } from "../static/js/idle.js";
import { Storage } from "./page.mjs";

const calm = { idle: 1800, acted: 99999, shown: false };

test("nothing happens until two minutes before the end", () => {
  assert.equal(decide({ ...calm, spoke: 1679 }).act, "rest");
  assert.equal(decide({ ...calm, spoke: 1680 }).act, "warn");
});

test("a short limit warns at its half", () => {
  assert.equal(decide({ ...calm, idle: 20, spoke: 9 }).act, "rest");
  assert.equal(decide({ ...calm, idle: 20, spoke: 10 }).act, "warn");
});

test("the page is left when the time is over, not before", () => {
  assert.equal(decide({ ...calm, spoke: 1799.5, shown: true }).act, "warn");
  assert.equal(decide({ ...calm, spoke: 1800, shown: true }).act, "leave");
});

test("somebody who types keeps the session without seeing a warning", () => {
  assert.equal(decide({ ...calm, spoke: 451, acted: 3 }).act, "speak");
  assert.equal(decide({ ...calm, spoke: 449, acted: 3 }).act, "rest");
});

test("a key pressed before the last answer keeps nothing alive", () => {
  assert.equal(decide({ ...calm, spoke: 1000, acted: 1001 }).act, "rest");
});

test("typing behind the warning does not answer it", () => {
  assert.equal(decide({ ...calm, spoke: 1700, acted: 1, shown: true }).act, "warn");
});

test("the warning goes when another tab spoke with the server", () => {
  assert.equal(decide({ ...calm, spoke: 1, shown: true }).act, "hide");
});

test("a piece that asks by itself is no sign of life", () => {
  assert.ok(counts({ requestConfig: { headers: { "HX-Request": "true" } } }));
  assert.ok(counts({}));
  assert.ok(!counts({ requestConfig: { headers: { "X-Background": "1" } } }));
});

test("the time left is written in minutes and seconds", () => {
  assert.equal(clock(120), "2:00");
  assert.equal(clock(61.2), "1:02");
  assert.equal(clock(-3), "0:00");
});

test("tabs share the moment of the last answer, and an older one never wins", () => {
  const storage = new Storage();
  makeMemory(storage, "nora").set(2000);
  assert.equal(makeMemory(storage, "nora").get(1000), 2000);
  assert.equal(makeMemory(storage, "nora").get(3000), 3000);
  assert.equal(makeMemory(storage, "nell").get(1000), 1000);
});
