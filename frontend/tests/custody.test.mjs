import assert from "node:assert/strict";
import test from "node:test";
import { existsSync } from "node:fs";

const vendored = existsSync(new URL("../static/vendor/custody-crypto.js", import.meta.url));
const skip = vendored ? false : "the libraries were not fetched (npm run vendor)";
const custody = vendored ? await import("../static/js/custody.js") : {};

// Made by cohort/vault/card.py and portal/proof/commit.py: tests/cohort/vault/test_card.py holds the same.
const KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const CARD = "AAAQ EAYE AUDA OCAJ BIFQ YDIO B4IB CEQT CQKR MFYY DENB WHA5 DYPQ kasat";

test("a card is the same in browser and portal", { skip }, async () => {
  const card = await custody.writeCard(custody.fromHex(KEY));
  assert.equal(card, CARD);
  assert.equal(custody.toHex(await custody.readCard(card.toLowerCase())), KEY);
});

test("a slip of the pen is told, and the card is never quoted", { skip }, async () => {
  const card = await custody.writeCard(custody.fromHex(KEY));
  const wrong = (card[0] === "A" ? "B" : "A") + card.slice(1);
  await assert.rejects(custody.readCard(wrong), (error) => /does not fit/.test(error.message) && !error.message.includes("AAAQ"));
  await assert.rejects(custody.readCard("AAAQ"), /not whole/);
});

test("what is sealed opens with the right key and with no other", { skip }, async () => {
  const { card, publicKey } = await custody.makeCard();
  const sealed = custody.seal(new Uint8Array([1, 2, 3]), custody.fromHex(publicKey));
  assert.equal(sealed.length, 3 + custody.OVERHEAD);
  assert.deepEqual([...custody.open(sealed, await custody.readCard(card))], [1, 2, 3]);
  const other = await custody.makeCard();
  assert.throws(() => custody.open(sealed, new Uint8Array(32).fill(7)), /does not open your share/);
  assert.notEqual(other.publicKey, publicKey);
});

test("a share is handed on without being read", { skip }, async () => {
  const custodian = await custody.makeCard();
  const scorer = await custody.makeCard();
  const share = custody.toHex(custody.seal(new Uint8Array(128).fill(9), custody.fromHex(custodian.publicKey)));
  const handed = await custody.handOn(custodian.card, share, scorer.publicKey);
  assert.equal(handed.length, 2 * (128 + custody.OVERHEAD));
  const opened = custody.open(custody.fromHex(handed), await custody.readCard(scorer.card));
  assert.deepEqual([...opened], Array(128).fill(9));
});
