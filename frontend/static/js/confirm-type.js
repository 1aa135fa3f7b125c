// A grave act asks to retype a word. The server compares as well; this only tells it before the page is sent.
export function matches(wanted, typed) {
  return typed.trim() === wanted;
}

export function check(form) {
  const input = form.querySelector("[name=retyped]");
  const right = matches(form.dataset.confirm, input.value);
  form.querySelector("[data-confirm-error]").hidden = right;
  if (right) input.removeAttribute("aria-invalid");
  else input.setAttribute("aria-invalid", "true");
  return { right, input };
}

if (typeof document !== "undefined") {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-confirm]")) return;
    const { right, input } = check(event.target);
    if (right) return;
    event.preventDefault();
    input.focus();
  });
}
