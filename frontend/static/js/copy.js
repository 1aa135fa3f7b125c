// A button beside a link to hand on: copies it, and says so.
export async function copy(button, find, write) {
  const source = find(button.dataset.copy);
  try {
    await write(source.value);
    return "Copied.";
  } catch {
    source.select();
    return "Select and copy it by hand: this browser does not let the page do it.";
  }
}

if (typeof document !== "undefined") {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const told = document.querySelector(`[data-copied="${button.dataset.copy}"]`);
      const write = (text) => navigator.clipboard.writeText(text);
      told.textContent = await copy(button, (id) => document.getElementById(id), write);
    });
  }
}
