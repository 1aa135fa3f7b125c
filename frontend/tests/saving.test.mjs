import assert from "node:assert/strict";
import test from "node:test";
import { makeBody, makeQueue, questionOf, readAnswers } from "../static/js/saving.js";
import { makeField } from "./page.mjs";

test("answers are read by question, a list of them as a list", () => {
  const fields = [
    makeField({ name: "ht1", value: "160.1" }),
    makeField({ name: "ht1__comment", value: "twice" }),
    makeField({ name: "asked", type: "hidden", value: "ht1" }),
    makeField({ name: "side", type: "radio", value: "L" }),
    makeField({ name: "side", type: "radio", value: "R", checked: true }),
    makeField({ name: "aid", type: "radio", value: "0" }),
    makeField({ name: "cond", type: "checkbox", value: "1", checked: true }),
    makeField({ name: "cond", type: "checkbox", value: "3" }),
  ];
  assert.deepEqual(readAnswers(fields), { ht1: "160.1", side: "R", aid: "", cond: ["1"] });
});

test("a reason and a comment belong to their question", () => {
  assert.equal(questionOf("ht1__missing"), "ht1");
  assert.equal(questionOf("fal_12m"), "fal_12m");
});

test("only what changed is sent, with the form's version", () => {
  const everything = [["csrfmiddlewaretoken", "t"], ["version", "3"], ["asked", "a"], ["a", "1"], ["a__comment", "x"], ["b", "2"]];
  assert.equal(makeBody(["a"], everything).toString(), "csrfmiddlewaretoken=t&version=3&a=1&a__comment=x&asked=a");
});

test("one save follows the other, and what changed meanwhile goes with the next", async () => {
  const sent = [];
  const doors = [];
  const queue = makeQueue((names) => {
    sent.push(names);
    return new Promise((open) => { doors.push(open); });
  });
  queue.add("a");
  queue.add("b");
  const end = queue.add("c");
  assert.deepEqual(sent, [["a"]]);
  doors[0](true);
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(sent, [["a"], ["b", "c"]]);
  doors[1](true);
  await end;
  assert.equal(queue.waiting.size, 0);
});

test("what did not arrive waits and is tried again", async () => {
  let works = false;
  const sent = [];
  const queue = makeQueue(async (names) => { sent.push(names); return works; });
  await queue.add("a");
  assert.deepEqual([...queue.waiting], ["a"]);
  works = true;
  await queue.add("b");
  assert.deepEqual(sent, [["a"], ["a", "b"]]);
  assert.equal(queue.waiting.size, 0);
});
