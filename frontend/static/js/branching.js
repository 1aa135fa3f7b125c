// Which questions are asked, by the answers so far: the same trees and the same rules as cohort/crf/branching.py.
const COMPARES = {
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order === -1,
  ">": (order) => order === 1,
  "<=": (order) => order === -1 || order === 0,
  ">=": (order) => order === 1 || order === 0,
};
const UNORDERED = 2;

function asNumber(value) {
  if (typeof value === "number") return value;
  const text = String(value).trim().replace(",", ".");
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

function valueOf(node, answers) {
  const [kind, ...parts] = node;
  if (kind === "number") return Number(parts[0]);
  if (kind === "text") return parts[0];
  if (kind === "answer") return answers[parts[0]] ?? "";
  if (kind === "holds") return (answers[parts[0]] ?? []).includes(parts[1]) ? "1" : "0";
  const numbers = parts.map((part) => asNumber(valueOf(part, answers)));
  if (numbers.includes(null)) return "";
  // Tenths are no exact doubles: 160.6 - 160.1 would be a little above a half.
  const exact = (number) => Math.round(number * 1e6) / 1e6;
  if (kind === "abs") return Math.abs(numbers[0]);
  return exact(kind === "+" ? numbers[0] + numbers[1] : numbers[0] - numbers[1]);
}

function isEmpty(value) {
  return value === "" || (Array.isArray(value) && value.length === 0);
}

export function holds(node, answers) {
  const [kind, ...parts] = node;
  if (kind === "and") return parts.every((part) => holds(part, answers));
  if (kind === "or") return parts.some((part) => holds(part, answers));
  const [left, right] = parts.map((part) => valueOf(part, answers));
  if (parts.some((part) => part[0] === "text" && part[1] === "")) {
    return kind === "=" ? isEmpty(left) && isEmpty(right) : kind === "!=" && isEmpty(left) !== isEmpty(right);
  }
  // Nobody can say anything of what was not answered.
  if (isEmpty(left) || isEmpty(right)) return false;
  const [one, other] = [asNumber(left), asNumber(right)];
  const order = one !== null && other !== null ? Math.sign(one - other) : String(left) === String(right) ? 0 : UNORDERED;
  return COMPARES[kind](order);
}

// conditions: name → tree. Returns the names that are not asked; what is not asked counts as not answered.
export function findHidden(conditions, answers) {
  const hidden = new Set();
  const seen = { ...answers };
  for (let round = 0, before = -1; before !== hidden.size && round < 20; round += 1) {
    before = hidden.size;
    for (const [name, tree] of Object.entries(conditions)) if (!holds(tree, seen)) hidden.add(name);
    for (const name of hidden) delete seen[name];
  }
  return hidden;
}
