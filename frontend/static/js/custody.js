// A custodian's card lives in this browser alone: here the key is made, a share is opened, and sealed anew to the
// scorer's one-time key. The portal gets the public key and ciphertext, never the card.
// Sealed box as libsodium has it: one-time key, then box with the nonce BLAKE2b-24(one-time key || recipient).
import { blake2b, nacl } from "../vendor/custody-crypto.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CONSONANTS = "bdfghjklmnprstvz";
const VOWELS = "aiou";
export const OVERHEAD = 48;

export const toHex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export function toBase32(bytes) {
  let bits = [...bytes].map((one) => one.toString(2).padStart(8, "0")).join("");
  bits = bits.padEnd(Math.ceil(bits.length / 5) * 5, "0");
  return bits.match(/.{5}/g).map((five) => LETTERS[parseInt(five, 2)]).join("");
}

export function fromBase32(text) {
  const bits = [...text].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g), (eight) => parseInt(eight, 2));
}

export async function makeWord(key) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", key));
  const bits = digest[0] * 256 + digest[1];
  const [a, b, c, d, e] = [bits >> 12, bits >> 10, bits >> 6, bits >> 4, bits];
  return CONSONANTS[a & 15] + VOWELS[b & 3] + CONSONANTS[c & 15] + VOWELS[d & 3] + CONSONANTS[e & 15];
}

export async function writeCard(key) {
  return [...toBase32(key).match(/.{1,4}/g), await makeWord(key)].join(" ");
}

export async function readCard(text) {
  const letters = text.replace(/[\s-]+/g, "");
  const whole = letters.slice(0, 52).toUpperCase();
  if (!/^[A-Z2-7]{52}$/.test(whole)) throw new Error("The card is not whole: 13 groups of four letters or digits 2 to 7 are wanted.");
  const key = fromBase32(whole);
  if (letters.slice(52).toLowerCase() !== (await makeWord(key))) throw new Error("The word of the card does not fit its groups: something was mistyped.");
  return key;
}

function nonceOf(oneTime, recipient) {
  const both = new Uint8Array(64);
  both.set(oneTime);
  both.set(recipient, 32);
  return blake2b(both, null, 24);
}

export function seal(message, recipient) {
  const oneTime = nacl.box.keyPair();
  const box = nacl.box(message, nonceOf(oneTime.publicKey, recipient), recipient, oneTime.secretKey);
  const sealed = new Uint8Array(message.length + OVERHEAD);
  sealed.set(oneTime.publicKey);
  sealed.set(box, 32);
  return sealed;
}

export function open(sealed, key) {
  const own = nacl.box.keyPair.fromSecretKey(key).publicKey;
  const oneTime = sealed.slice(0, 32);
  const found = nacl.box.open(sealed.slice(32), nonceOf(oneTime, own), oneTime, key);
  if (!found) throw new Error("This card does not open your share: it is another card, or the share was changed.");
  return found;
}

export async function handOn(card, share, oneTimeKey) {
  const key = await readCard(card);
  return toHex(seal(open(fromHex(share), key), fromHex(oneTimeKey)));
}

export async function makeCard() {
  const pair = nacl.box.keyPair();
  return { card: await writeCard(pair.secretKey), publicKey: toHex(pair.publicKey) };
}
