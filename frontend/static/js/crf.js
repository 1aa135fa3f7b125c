// A case report form saves each question when it is left, says when it did, and asks only what is to be asked.
import { findHidden } from "./branching.js";
import { makeBody, makeQueue, questionOf, readAnswers } from "./saving.js";

const TRY_AGAIN_MS = 5000;

// True if a condition looks at nothing but these answers; what hangs on other forms is told by the server.
export function usesOnly(node, answers) {
  if (node[0] === "answer" || node[0] === "holds") return node[1] in answers;
  return node.slice(1).every((part) => !Array.isArray(part) || usesOnly(part, answers));
}

// What is said beside each question that somebody else has answered meanwhile.
export function sayMeanwhile(theirs) {
  const words = {};
  for (const [name, value] of Object.entries(theirs)) {
    const said = value === null ? "load the form again to see it" : value || "no answer";
    words[name] = `Somebody else has answered this meanwhile: ${said}. Yours is not saved; change it again to keep it.`;
  }
  return words;
}

function show(element, words) {
  element.hidden = !words;
  (element.querySelector("[data-words]") ?? element).textContent = words;
}

function watch(form) {
  const bar = form.querySelector(".record-bar");
  const boxes = new Map([...form.querySelectorAll("[data-question]")].map((box) => [box.dataset.question, box]));
  const conditions = {};
  for (const [name, box] of boxes) if (box.dataset.show) conditions[name] = JSON.parse(box.dataset.show);

  const say = (words, state) => {
    show(bar.querySelector("[data-saved]"), words);
    bar.dataset.state = state;
  };

  const branch = () => {
    const own = readAnswers(form.elements);
    const local = Object.fromEntries(Object.entries(conditions).filter(([, tree]) => usesOnly(tree, own)));
    const hidden = findHidden(local, own);
    for (const name of Object.keys(local)) boxes.get(name).hidden = hidden.has(name);
  };

  const put = (answer) => {
    bar.querySelector("[data-done]").textContent = answer.done;
    bar.querySelector("[data-wanted]").textContent = answer.wanted;
    for (const [name, box] of boxes) {
      box.hidden = answer.hidden.includes(name);
      const words = (answer.warnings[name] ?? []).join(" ");
      const place = box.querySelector("[data-warning]");
      if (!place) continue;
      show(place, words);
      const more = box.querySelector("details");
      if (words && more) more.open = true;
    }
    for (const [name, text] of Object.entries(answer.told)) {
      const place = boxes.get(name)?.querySelector("[data-told]");
      if (place) place.textContent = text;
    }
    for (const [name, text] of Object.entries(answer.shown)) {
      if (document.activeElement !== form.elements[name]) form.elements[name].value = text;
    }
  };

  const blame = (names, words) => {
    for (const name of names) {
      const box = boxes.get(name);
      show(box.querySelector("[data-error]"), words[name] ?? "");
      box.classList.toggle("field-wrong", name in words);
      box.querySelector("input[type=text], select, textarea")?.toggleAttribute("aria-invalid", name in words);
    }
  };

  // Returns whether the answers arrived, taken or not.
  const send = async (names) => {
    say("Saving", "waiting");
    let response;
    try {
      const body = makeBody(names, new FormData(form).entries());
      response = await fetch(form.dataset.record, { method: "POST", body, headers: { Accept: "application/json" } });
    } catch {
      say("Not saved: no connection. It will be tried again.", "wrong");
      setTimeout(() => queue.run(), TRY_AGAIN_MS);
      return false;
    }
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const answer = isJson ? await response.json() : {};
    if (answer.version) form.elements.version.value = answer.version;
    if (response.ok && isJson) {
      put(answer);
      // What was answered while this was on its way may have brought up a question that the server did not know of.
      branch();
      blame(names, answer.refused);
      const isWhole = Object.keys(answer.refused).length === 0;
      say(isWhole ? `Saved ${answer.saved_at}` : "Some answers were not taken", isWhole ? "saved" : "wrong");
    } else if (answer.theirs) {
      const left = names.filter((name) => !(name in answer.theirs));
      for (const name of left) queue.waiting.add(name);
      blame(names, sayMeanwhile(answer.theirs));
      say("Not saved: answered meanwhile by somebody else", "wrong");
    } else say("Not saved. Load the page again.", "wrong");
    return true;
  };

  const queue = makeQueue(send);
  form.addEventListener("input", branch);
  form.addEventListener("change", (event) => {
    branch();
    if (event.target.name) queue.add(questionOf(event.target.name));
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "F9") event.target.closest("[data-question]")?.querySelector("summary")?.click();
  });
  // Whatever is sent as a whole goes after what is still being saved.
  for (const other of [form, document.querySelector("form[data-complete]")]) {
    other?.addEventListener("submit", async (event) => {
      event.preventDefault();
      await queue.run();
      queue.waiting.clear();
      const then = event.submitter?.name === "then" ? event.submitter.value : "";
      if (then) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "then", value: then }));
      other.submit();
    });
  }
  window.addEventListener("beforeunload", (event) => { if (queue.waiting.size > 0) event.preventDefault(); });
}

if (typeof document !== "undefined") {
  for (const form of document.querySelectorAll("form[data-record]")) watch(form);
}
