// Copy the few foreign files the pages use into static/vendor, with their licences.
// Plotly adds its style rules by script, which the strict CSP forbids; they are written to a file instead.
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { STYLE_IDS } from "./static/js/plot.js";

const here = path.dirname(fileURLToPath(import.meta.url));
const from = path.join(here, "node_modules", "plotly.js-strict-dist-min");
const to = path.join(here, "static", "vendor");

// The bundle holds its rules as one object {"X,X div":"direction:ltr;...", ...}; X and Y stand for Plotly's two classes.
const RULES = /\{"X,X div":[^{}]*\}/g;
const RULE = /(?:"([^"]+)"|([XY])):(?:'([^']*)'|"([^"]*)")/g;

export function readRules(bundle) {
  const found = bundle.match(RULES) ?? [];
  if (found.length !== 1) throw new Error(`wanted one object of style rules in the bundle, found ${found.length}`);
  return [...found[0].matchAll(RULE)].map(([, quoted, bare, single, double]) => [quoted ?? bare, single ?? double]);
}

// Every <style> the bundle would add by itself must be known to plot.js, or the CSP would refuse it on the page.
export function checkStyles(bundle) {
  const guarded = [...bundle.matchAll(/getElementById\("([0-9a-f]{64})"\)/g)].map(([, id]) => id);
  const unknown = guarded.filter((id) => !STYLE_IDS.includes(id));
  if (unknown.length > 0) throw new Error(`plot.js does not know the styles ${unknown.join(", ")} of the bundle`);
  return guarded.length;
}

export function writeRules(rules) {
  const lines = rules.map(([selector, body]) => {
    const whole = selector.replace(/^,/, " ,").replace(/X/g, ".js-plotly-plot .plotly").replace(/Y/g, ".plotly-notifier");
    return `${whole}{${body}}`;
  });
  return `/* Written by vendor.mjs from the rules in Plotly's own bundle. */\n${lines.join("\n")}\n`;
}

async function main() {
  const bundle = await readFile(path.join(from, "plotly-strict.min.js"), "utf8");
  checkStyles(bundle);
  await mkdir(to, { recursive: true });
  await writeFile(path.join(to, "plotly.css"), writeRules(readRules(bundle)));
  await cp(path.join(from, "plotly-strict.min.js"), path.join(to, "plotly-strict.min.js"));
  await cp(path.join(from, "LICENSE"), path.join(to, "plotly-LICENSE.txt"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
