// The order of saving: one save after the other, and what was changed meanwhile goes with the next.
export function readAnswers(fields) {
  const answers = {};
  for (const field of fields) {
    if (!field.name || field.name.includes("__") || field.type === "hidden" || field.type === "submit") continue;
    if (field.type === "checkbox") (answers[field.name] ??= []).push(...(field.checked ? [field.value] : []));
    else if (field.type !== "radio" || field.checked) answers[field.name] = field.value;
    else answers[field.name] ??= "";
  }
  return answers;
}

// The question a field belongs to: its name, without what stands behind it for a reason or a comment.
export function questionOf(name) {
  return name.split("__")[0];
}

// What is sent for some questions, of everything the form holds.
export function makeBody(names, everything) {
  const body = new URLSearchParams();
  for (const [name, value] of everything) {
    if (name === "version" || name === "csrfmiddlewaretoken" || names.includes(questionOf(name))) body.append(name, value);
  }
  for (const name of names) body.append("asked", name);
  return body;
}

// send: takes names, and returns whether they arrived; what did not arrive waits for the next run.
export function makeQueue(send) {
  const waiting = new Set();
  let current = null;
  const work = async () => {
    while (waiting.size > 0) {
      const names = [...waiting];
      waiting.clear();
      if (!(await send(names))) {
        for (const name of names) waiting.add(name);
        return;
      }
    }
  };
  const run = () => {
    current ??= work().finally(() => { current = null; });
    return current;
  };
  return { waiting, run, add: (...names) => { for (const name of names) waiting.add(name); return run(); } };
}
