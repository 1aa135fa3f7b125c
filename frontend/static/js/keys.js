// Keys for people who type all day: digits choose an answer, ? shows the list of keys, g h goes home.
const TYPED_IN = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const CHOICES = new Set(["radio", "checkbox"]);

export function isTyping(element) {
  if (!element) return false;
  if (element.isContentEditable) return true;
  return TYPED_IN.has(element.tagName) && !CHOICES.has(element.type);
}

// The choice a digit means, counted from one, inside the group the focus is in.
export function choiceOf(group, digit) {
  const choices = group ? [...group.querySelectorAll("input[type=radio], input[type=checkbox]")] : [];
  return choices[digit - 1] ?? null;
}

// A small machine: remembers g for the next key alone.
export function makeKeys() {
  let before = "";
  return (key) => {
    const act = key === "?" ? "help" : before === "g" && key === "h" ? "home" : /^[1-9]$/.test(key) ? "choose" : "";
    before = key;
    return act;
  };
}

if (typeof document !== "undefined") {
  const next = makeKeys();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const act = next(event.key);
    const dialog = document.getElementById("keys-dialog");
    if (act === "help" && !document.querySelector("dialog[open]")) dialog.showModal();
    else if (act === "home") document.querySelector("a.brand").click();
    else if (act === "choose") {
      const choice = choiceOf(event.target.closest?.("[data-choices]"), Number(event.key));
      if (!choice) return;
      event.preventDefault();
      choice.focus();
      if (choice.type === "checkbox" || !choice.checked) choice.click();
    }
  });
}
