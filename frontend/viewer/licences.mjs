// Write the licences of all that the bundle holds beside it, and refuse what may not be shipped.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

const ALLOWED = new Set(["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "BSL-1.0", "Zlib", "Unlicense"]);

// True if an SPDX expression leaves us a licence of the list; every part of an AND must be on it.
export function isAllowed(licence) {
  const parts = licence.replace(/[()]/g, "").split(" OR ");
  return parts.some((part) => part.split(" AND ").every((one) => ALLOWED.has(one.trim())));
}

// The folder of the package a module belongs to, or nothing for our own.
export function packageOf(id) {
  const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replace(/^\0/, "").split("?")[0]);
  return found ? found[1] : null;
}

export function describe(folder) {
  const told = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const licence = typeof told.license === "string" ? told.license : (told.license?.type ?? told.licenses?.[0]?.type ?? "");
  if (!isAllowed(licence)) throw new Error(`${told.name} ${told.version}: licence '${licence}' may not be shipped`);
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(path.join(folder, file), "utf8").trim() : `No licence text is in the package; it names ${licence}.`;
  return `${told.name} ${told.version} (${licence})\n\n${text}\n`;
}

export function writeLicences(fileName) {
  return {
    name: "write-licences",
    generateBundle() {
      const folders = new Set([...this.getModuleIds()].map(packageOf).filter(Boolean));
      const source = [...folders].sort().map(describe).join(`\n${"-".repeat(80)}\n\n`);
      this.emitFile({ type: "asset", fileName, source });
    },
  };
}
