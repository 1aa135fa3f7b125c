// Send files one by one from where they were dropped, at most four at a time, and show each one's course there.
// Without script the same form sends everything at once.
import { fail, runQueue, withTries } from "./sending.js";

async function ask(method, url, token, body) {
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers: { "X-CSRFToken": token, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw fail(0, "");
  }
  const text = await answer.text();
  if (!answer.ok) throw fail(answer.status, text);
  return text;
}

// XMLHttpRequest, because fetch tells nothing of how much of a body was sent.
function put(url, file, token, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("X-CSRFToken", token);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => (request.status < 300 ? resolve(request.responseText) : reject(fail(request.status, request.responseText)));
    request.onerror = () => reject(fail(0, ""));
    request.send(file);
  });
}

function addLine(list, file) {
  const line = document.createElement("li");
  const name = Object.assign(document.createElement("span"), { className: "file-name", textContent: file.name });
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", `Sending ${file.name}`);
  const told = Object.assign(document.createElement("span"), { className: "quiet small" });
  line.append(name, bar, told);
  list.append(line);
  return {
    show: (share) => { bar.value = share; },
    done: () => { bar.value = 1; told.textContent = "arrived"; },
    refuse: (words) => { bar.remove(); line.classList.add("field-error"); told.textContent = words; },
  };
}

function say(form, words) {
  const place = form.querySelector("[data-upload-error]");
  place.textContent = words;
  place.hidden = !words;
}

// What the files are declared to be, or null while nobody has said which forearm it is.
export function declare(form) {
  const side = form.querySelector("input[name=side]:checked");
  const { participant, visit, modality } = form.dataset;
  return side && { participant, visit, modality, side: side.value };
}

async function send(form, files) {
  const declared = declare(form);
  if (!declared) return say(form, "Say first which forearm it is: left or right.");
  say(form, "");
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const list = form.querySelector("[data-queue]");
  list.replaceChildren();
  const { uploads } = form.dataset;
  form.setAttribute("aria-busy", "true");
  try {
    const upload = JSON.parse(await ask("POST", uploads, token, declared));
    const address = `${uploads}${upload.id}/`;
    const results = await runQueue(files.map((file) => () => sendOne(`${address}files/`, file, token, addLine(list, file))));
    if (results.some((one) => one.ok)) {
      await ask("POST", `${address}close/`, token);
      await show(form, upload.id);
      if (results.every((one) => one.ok)) list.replaceChildren();
    } else {
      await ask("DELETE", address, token);
    }
  } catch (error) {
    say(form, error.message);
  } finally {
    form.removeAttribute("aria-busy");
    form.reset();
    form.querySelector(`input[name=side][value=${declared.side}]`).checked = true;
  }
}

async function sendOne(url, file, token, line) {
  try {
    await withTries(() => put(`${url}?name=${encodeURIComponent(file.name)}`, file, token, line.show));
    line.done();
  } catch (error) {
    line.refuse(error.message);
    throw error;
  }
}

// The portal's own piece of page comes in; it asks again by itself until the files were read.
async function show(form, id) {
  const place = form.closest("[data-slot]").querySelector("[data-uploads-here]");
  const piece = await ask("GET", `/uploads/${id}/state/`, "");
  place.insertAdjacentHTML("afterbegin", piece);
  window.htmx.process(place);
}

if (typeof document !== "undefined") {
  for (const form of document.querySelectorAll("form[data-upload]")) {
    const drop = form.querySelector("[data-drop]");
    const input = form.querySelector("input[type=file]");
    form.querySelector("[data-upload-send]").hidden = true;
    form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("change", () => input.files.length && send(form, [...input.files]));
    drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("drop-over"); });
    drop.addEventListener("dragleave", () => drop.classList.remove("drop-over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("drop-over");
      if (event.dataTransfer.files.length) send(form, [...event.dataTransfer.files]);
    });
  }
}
