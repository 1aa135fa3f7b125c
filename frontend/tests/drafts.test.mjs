import assert from "node:assert/strict";
import test from "node:test";
import { forget, isKept, keep, read, recall, settle, write } from "../static/js/drafts.js";
import { Storage, makeField } from "./page.mjs";

const sensitive = makeField({ name: "family_name", value: "Example", closest: (what) => what === "[data-sensitive]" });

test("what is typed is read and put back", () => {
  const fields = [makeField({ name: "height", value: "162" }), makeField({ name: "remarks", value: "late" })];
  const values = read(fields);
  fields[0].value = "";
  assert.equal(write(fields, values), 1);
  assert.equal(fields[0].value, "162");
});

test("a choice and an empty group come back as they were", () => {
  const make = () => [
    makeField({ type: "radio", name: "side", value: "L", checked: true }),
    makeField({ type: "radio", name: "side", value: "R" }),
    makeField({ type: "checkbox", name: "checked", value: "on" }),
  ];
  const values = read(make());
  assert.deepEqual(values, { side: ["L"], checked: [] });
  const later = make();
  later[0].checked = false;
  later[2].checked = true;
  assert.equal(write(later, values), 2);
  assert.deepEqual(later.map((field) => field.checked), [true, false, false]);
});

test("names, passwords, files, codes and tokens are never kept", () => {
  assert.ok(isKept(makeField({ name: "height" })));
  assert.ok(!isKept(sensitive));
  for (const type of ["password", "file", "hidden"]) assert.ok(!isKept(makeField({ name: "x", type })), type);
  assert.ok(!isKept(makeField({ name: "code", autocomplete: "one-time-code" })));
  assert.deepEqual(read([sensitive]), {});
});

test("a draft that was sent ends on the next ordinary page", () => {
  const storage = new Storage();
  keep(storage, "screen", "nora", { height: "162" }, true);
  assert.ok(recall(storage, "screen", "nora"));
  settle(storage, "page", "nora");
  assert.equal(recall(storage, "screen", "nora"), null);
});

test("a draft that met the sign-in page or a refusal is kept", () => {
  for (const kind of ["sign-in", "error"]) {
    const storage = new Storage();
    keep(storage, "screen", "nora", { height: "162" }, true);
    settle(storage, kind, "");
    settle(storage, "page", "nora");
    assert.deepEqual(recall(storage, "screen", "nora"), { height: "162" }, kind);
  }
});

test("a draft that was not sent outlives other pages", () => {
  const storage = new Storage();
  keep(storage, "screen", "nora", { height: "162" }, false);
  settle(storage, "page", "nora");
  assert.ok(recall(storage, "screen", "nora"));
});

test("nobody sees the draft of somebody else", () => {
  const storage = new Storage();
  keep(storage, "screen", "nora", { height: "162" }, false);
  assert.equal(recall(storage, "screen", "nell"), null);
  settle(storage, "page", "nell");
  assert.equal(recall(storage, "screen", "nora"), null);
});

test("signing out forgets every draft and nothing else", () => {
  const storage = new Storage();
  storage.setItem("other", "1");
  keep(storage, "screen", "nora", {}, false);
  forget(storage);
  assert.deepEqual(Object.keys(storage), ["other"]);
});
