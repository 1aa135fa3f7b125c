// Warn two minutes before the server signs somebody out for being idle, and leave the page when it has.
// The server alone decides; this only counts from the last time the two spoke with each other.
export const WARN_SECONDS = 120;

// What should happen now? all in seconds: idle = the server's limit, spoke = since the last answer, acted = since the last key.
export function decide({ idle, spoke, acted, shown }) {
  const left = idle - spoke;
  const warn = Math.min(WARN_SECONDS, idle / 2);
  if (left <= 0) return { act: "leave", left: 0 };
  // Somebody who types keeps the session alive without noticing.
  if (!shown && acted < spoke && spoke > idle / 4) return { act: "speak", left };
  if (left <= warn) return { act: "warn", left };
  return { act: shown ? "hide" : "rest", left };
}

export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// The moment of the last answer is shared by all tabs of the person.
export function makeMemory(storage, person) {
  const key = `trabecula-spoke-${person}`;
  return {
    get: (fallback) => Math.max(fallback, Number(storage.getItem(key)) || 0),
    set: (at) => storage.setItem(key, String(at)),
  };
}

// A piece that asks by itself keeps nobody signed in: the server does not count it, so neither does the page.
export function counts({ requestConfig }) {
  return !("X-Background" in (requestConfig?.headers ?? {}));
}

function start(idle, person, address) {
  const dialog = document.getElementById("idle-dialog");
  const text = dialog.querySelector("[data-idle-clock]");
  const memory = makeMemory(localStorage, person);
  let spokeAt = Date.now();
  let actedAt = 0;
  let asking = false;
  memory.set(spokeAt);

  const answered = () => {
    spokeAt = Date.now();
    memory.set(spokeAt);
  };
  const speak = async () => {
    if (asking) return;
    asking = true;
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    try {
      const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual" });
      if (answer.status === 204) answered();
    } catch {
      // No network: the next second asks again.
    } finally {
      asking = false;
    }
  };
  const tick = () => {
    const now = Date.now();
    spokeAt = memory.get(spokeAt);
    const next = decide({
      idle,
      spoke: (now - spokeAt) / 1000,
      acted: (now - actedAt) / 1000,
      shown: dialog.open,
    });
    if (next.act === "leave") {
      clearInterval(timer);
      // Not reload: that would ask to send a form again.
      window.location.replace(window.location.pathname + window.location.search);
    } else if (next.act === "speak") speak();
    else if (next.act === "warn") {
      if (!dialog.open) dialog.showModal();
      text.textContent = clock(next.left);
    } else if (next.act === "hide") dialog.close();
  };
  for (const kind of ["keydown", "pointerdown", "input"]) {
    document.addEventListener(kind, () => { if (!dialog.open) actedAt = Date.now(); }, { passive: true });
  }
  dialog.addEventListener("close", () => { if (Date.now() - spokeAt < idle * 1000) speak(); });
  document.addEventListener("htmx:afterOnLoad", (event) => { if (counts(event.detail)) answered(); });
  const timer = setInterval(tick, 1000);
}

if (typeof document !== "undefined") {
  const meta = (name) => document.querySelector(`meta[name=${name}]`)?.content;
  const idle = Number(meta("idle-seconds"));
  if (idle > 0 && meta("still-here-url")) start(idle, meta("person-key"), meta("still-here-url"));
}
