// Pieces that ask the server again and again (data-poll) rest while nobody can see them, and ask at once when seen again.
export function mayAsk(element, isHidden) {
  return !(isHidden && "poll" in element.dataset);
}

if (typeof document !== "undefined") {
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!mayAsk(event.detail.elt, document.hidden)) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("[data-poll]")) window.htmx?.trigger(element, "poll-now");
  });
}
