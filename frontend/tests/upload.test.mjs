import assert from "node:assert/strict";
import test from "node:test";
import { declare } from "../static/js/upload.js";

function makeForm(side) {
  const dataset = { participant: "EXB-0001-7", visit: "BLI", modality: "film", uploads: "/api/uploads/" };
  return { dataset, querySelector: () => (side ? { value: side } : null) };
}

test("files are declared as what the place says that they were dropped at, and the side that was chosen", () => {
  const wanted = { participant: "EXB-0001-7", visit: "BLI", modality: "film", side: "R" };
  assert.deepEqual(declare(makeForm("R")), wanted);
});

test("without a side nothing is declared", () => {
  assert.equal(declare(makeForm("")), null);
});
