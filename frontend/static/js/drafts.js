// Keep what is typed in a form with data-draft="key" in this tab, and put it back after a new sign-in.
// A draft belongs to one person; it ends when the form was taken by the server, on sign-out, or when another signs in.
const PREFIX = "trabecula-draft:";
const NEVER = new Set(["password", "file", "hidden", "submit", "button", "reset"]);

export function isKept(field) {
  if (!field.name || NEVER.has(field.type) || field.disabled) return false;
  if (field.autocomplete === "one-time-code") return false;
  return !field.closest("[data-sensitive]");
}

export function read(fields) {
  const values = {};
  for (const field of fields) {
    if (!isKept(field)) continue;
    const chosen = field.type === "radio" || field.type === "checkbox";
    if (chosen) (values[field.name] ??= []).push(...(field.checked ? [field.value] : []));
    else values[field.name] = field.value;
  }
  return values;
}

// Returns how many fields changed.
export function write(fields, values) {
  let changed = 0;
  for (const field of fields) {
    if (!isKept(field) || !(field.name in values)) continue;
    const wanted = values[field.name];
    if (Array.isArray(wanted)) {
      const checked = wanted.includes(field.value);
      changed += Number(field.checked !== checked);
      field.checked = checked;
    } else if (field.value !== wanted) {
      field.value = wanted;
      changed += 1;
    }
  }
  return changed;
}

function each(storage, act) {
  for (const key of Object.keys(storage)) {
    if (key.startsWith(PREFIX)) act(key, JSON.parse(storage.getItem(key)));
  }
}

// A draft that was sent is done when the next page is an ordinary one; after a refusal or a sign-in page it is kept.
export function settle(storage, pageKind, person) {
  each(storage, (key, draft) => {
    if (person && draft.person !== person) storage.removeItem(key);
    else if (!draft.sent) return;
    else if (pageKind === "page") storage.removeItem(key);
    else storage.setItem(key, JSON.stringify({ ...draft, sent: false }));
  });
}

export function forget(storage) {
  each(storage, (key) => storage.removeItem(key));
}

export function keep(storage, key, person, values, sent) {
  storage.setItem(PREFIX + key, JSON.stringify({ person, values, sent }));
}

export function recall(storage, key, person) {
  const draft = JSON.parse(storage.getItem(PREFIX + key));
  return draft && draft.person === person ? draft.values : null;
}

function tell(form) {
  const note = document.createElement("div");
  note.className = "notice notice-busy row-apart";
  note.setAttribute("role", "status");
  const text = document.createElement("span");
  text.textContent = "What you had typed here before was put back. It is not saved yet.";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "Throw it away";
  note.append(text, button);
  form.prepend(note);
  return { note, button };
}

function watch(form, person) {
  const key = form.dataset.draft;
  const before = read(form.elements);
  // A form that came back with errors holds the newest text itself.
  const isBound = "draftBound" in form.dataset;
  if (isBound) keep(sessionStorage, key, person, before, false);
  const values = isBound ? null : recall(sessionStorage, key, person);
  if (values && write(form.elements, values) > 0) {
    const { note, button } = tell(form);
    button.addEventListener("click", () => {
      write(form.elements, before);
      sessionStorage.removeItem(PREFIX + key);
      note.remove();
    });
  }
  form.addEventListener("input", () => keep(sessionStorage, key, person, read(form.elements), false));
  form.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) keep(sessionStorage, key, person, read(form.elements), true);
  });
}

if (typeof document !== "undefined") {
  const meta = (name) => document.querySelector(`meta[name=${name}]`)?.content ?? "";
  const person = meta("person-key");
  settle(sessionStorage, meta("page-kind"), person);
  for (const form of person ? document.querySelectorAll("form[data-draft]") : []) watch(form, person);
  document.querySelector("form[data-sign-out]")?.addEventListener("submit", () => forget(sessionStorage));
}
