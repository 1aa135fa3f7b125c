import assert from "node:assert/strict";
import test from "node:test";
import { choiceOf, isTyping, makeKeys } from "../static/js/keys.js";

test("keys typed into a field are text, in a choice they are not", () => {
  assert.ok(isTyping({ tagName: "INPUT", type: "text" }));
  assert.ok(isTyping({ tagName: "TEXTAREA" }));
  assert.ok(isTyping({ tagName: "SELECT" }));
  assert.ok(isTyping({ tagName: "DIV", isContentEditable: true }));
  assert.ok(!isTyping({ tagName: "INPUT", type: "radio" }));
  assert.ok(!isTyping({ tagName: "BODY" }));
});

test("a digit chooses that answer of the group, and nothing past its end", () => {
  const group = { querySelectorAll: () => ["left", "right"] };
  assert.equal(choiceOf(group, 2), "right");
  assert.equal(choiceOf(group, 3), null);
  assert.equal(choiceOf(null, 1), null);
});

test("g then h goes home, h alone does not", () => {
  const next = makeKeys();
  assert.equal(next("h"), "");
  assert.equal(next("g"), "");
  assert.equal(next("h"), "home");
  assert.equal(next("h"), "");
});

test("a question mark asks for help and a digit for an answer, zero for nothing", () => {
  const next = makeKeys();
  assert.equal(next("?"), "help");
  assert.equal(next("1"), "choose");
  assert.equal(next("0"), "");
});
