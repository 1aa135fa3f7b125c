import assert from "node:assert/strict";
import test from "node:test";
import { mayAsk } from "../static/js/poll-rest.js";

test("a polling piece rests while the page is hidden, and asks while it is seen", () => {
  const piece = { dataset: { poll: "" } };
  assert.ok(!mayAsk(piece, true));
  assert.ok(mayAsk(piece, false));
});

test("what somebody asked for by hand is never held back", () => {
  assert.ok(mayAsk({ dataset: {} }, true));
});
