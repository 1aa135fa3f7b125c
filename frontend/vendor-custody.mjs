// Make one ES module of the two small libraries behind a custodian's card: TweetNaCl (boxes) and blakejs (BLAKE2b).
// Both are CommonJS; they are wrapped as they are, so that what runs is what was published.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";

const here = path.dirname(fileURLToPath(import.meta.url));
const to = path.join(here, "static", "vendor");

export function wrap(name, source) {
  return `const ${name} = (() => { const module = { exports: {} }; const exports = module.exports;\n${source}\nreturn module.exports; })();\n`;
}

export function makeModule(nacl, util, blake2b) {
  const guarded = blake2b.replace(/require\('\.\/util'\)/, "blakeUtil");
  if (guarded === blake2b) throw new Error("blakejs no longer asks for ./util: look at how it is made now");
  return [
    "// Written by vendor-custody.mjs from tweetnacl (Unlicense) and blakejs (MIT); see custody-LICENSES.txt.\n",
    // TweetNaCl looks for `self` as it loads; where there is none it is given its randomness by custody.js.
    wrap("nacl", `const self = globalThis; const require = undefined;\n${nacl}`),
    wrap("blakeUtil", util),
    wrap("blake", guarded),
    "export { nacl };\nexport const blake2b = blake.blake2b;\n",
  ].join("");
}

async function read(name) {
  return readFile(path.join(here, "node_modules", name), "utf8");
}

async function main() {
  await mkdir(to, { recursive: true });
  const [nacl, util, blake2b] = await Promise.all(
    ["tweetnacl/nacl-fast.min.js", "blakejs/util.js", "blakejs/blake2b.js"].map(read),
  );
  await writeFile(path.join(to, "custody-crypto.js"), makeModule(nacl, util, blake2b));
  const licences = await Promise.all(["tweetnacl/LICENSE", "blakejs/LICENSE"].map(read));
  await writeFile(path.join(to, "custody-LICENSES.txt"), `tweetnacl\n\n${licences[0]}\n\nblakejs\n\n${licences[1]}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
