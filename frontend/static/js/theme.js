// Change the colours at once; the server's form does the same without script, and remembers.
export function show(root, choice) {
  if (choice === "light" || choice === "dark") root.dataset.theme = choice;
  else delete root.dataset.theme;
}

export function choose(form, button, root, send) {
  show(root, button.value);
  for (const other of form.querySelectorAll("button[name=theme]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  const body = new FormData(form);
  body.set("theme", button.value);
  return send(form.getAttribute("action"), { method: "POST", body, redirect: "manual" });
}

if (typeof document !== "undefined") {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-theme-form]")) return;
    event.preventDefault();
    choose(event.target, event.submitter, document.documentElement, fetch).then(() => {
      document.dispatchEvent(new Event("trabecula:theme"));
    });
  });
}
