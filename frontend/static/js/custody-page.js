// The two pages that use a card: making it, and handing on a share. Without script both say what to do instead.
import { handOn, makeCard } from "./custody.js";

function tell(form, words) {
  const told = form.querySelector("[data-custody-told]");
  told.textContent = words;
  told.hidden = words === "";
}

export async function showCard(form) {
  const { card, publicKey } = await makeCard();
  form.querySelector("[data-card]").textContent = card;
  form.querySelector("[name=public_key]").value = publicKey;
  form.querySelector("[data-card-made]").hidden = false;
  form.querySelector("[data-make-card]").hidden = true;
}

export async function sealShare(form) {
  const field = form.querySelector("[data-card-typed]");
  form.querySelector("[name=ciphertext]").value = await handOn(field.value, form.dataset.share, form.dataset.oneTimeKey);
  field.value = "";
}

async function sealFirst(event) {
  const form = event.target;
  if (event.submitter?.name === "use_demo_card" || form.querySelector("[name=ciphertext]").value) return;
  event.preventDefault();
  try {
    await sealShare(form);
    tell(form, "");
    form.submit();
  } catch (error) {
    tell(form, error.message);
    form.querySelector("[data-card-typed]").focus();
  }
}

export function wake(form) {
  if ("awake" in form.dataset) return;
  form.dataset.awake = "";
  form.querySelector("[data-needs-script]")?.remove();
  form.querySelector("[data-with-script]").hidden = false;
  form.querySelector("[data-make-card]")?.addEventListener("click", () => showCard(form));
  form.querySelector("[data-print-card]")?.addEventListener("click", () => window.print());
  if (form.dataset.custody === "share") form.addEventListener("submit", sealFirst);
}

if (typeof document !== "undefined") {
  const wakeAll = () => document.querySelectorAll("form[data-custody]").forEach(wake);
  // A piece that was asked for again brings a form of its own.
  document.addEventListener("htmx:load", wakeAll);
  wakeAll();
}
