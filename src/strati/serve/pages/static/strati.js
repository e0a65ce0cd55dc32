"use strict";
// Everything here is a convenience: each page is a form that works without it.
const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const token = $('meta[name="csrf"]')?.content ?? "";

const typing = () => {
  const at = document.activeElement;
  return at && (at.matches("textarea, input:not([type=checkbox]):not([type=radio]):not([type=file]), select") || at.isContentEditable);
};

// Light or dark
$("[data-theme-button]")?.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("strati-theme", root.dataset.theme);
});

const here = $(".side nav [aria-current]");  // on a phone the pages are a row that scrolls
if (here) { const row = here.closest(".side"); row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2; }

// Forms
for (const form of all("[data-submit-on-ctrl-enter]")) {
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}
for (const form of all("[data-auto-submit]")) form.addEventListener("change", () => form.requestSubmit());
document.addEventListener("submit", (event) => {
  const ask = event.target.dataset?.confirm;
  if (ask && !confirm(ask)) event.preventDefault();
  else if (event.target.matches(".ask")) $("button.main", event.target)?.setAttribute("aria-busy", "true");
});

// Ask: each sentence as its checks let it out, then the answer as the server writes it. Stop ends the work there, too.
const live = $("[data-live]");
live?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const box = $("#answer");
  const stop = new AbortController();
  const card = document.createElement("article");
  card.className = "card reply";
  card.setAttribute("aria-live", "polite");
  const said = document.createElement("div");
  said.className = "prose";
  const words = document.createElement("p");
  said.append(words);
  const foot = document.createElement("footer");
  foot.className = "soft";
  const state = document.createElement("span");
  state.textContent = "Reading your sources …";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Stop";
  button.addEventListener("click", () => stop.abort());
  foot.append(state, button);
  card.append(said, foot);
  box.replaceChildren(card);
  try {
    const reply = await fetch(live.dataset.live, { method: "POST", body: new FormData(live), signal: stop.signal });
    if (!reply.ok || !reply.body) { live.submit(); return; }  // the server says what is wrong on a page of its own
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "", done = false;
    while (!done) {
      const piece = await reader.read();
      done = piece.done;
      const lines = (rest + (piece.value ?? "")).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const told = JSON.parse(line);
        if (told.sentence) { words.append(told.sentence.trim() + " "); state.textContent = "Checked so far; still reading …"; }
        if (told.error) { card.remove(); tell(told.error); }
        if (told.html) box.replaceChildren(...new DOMParser().parseFromString(told.html, "text/html").body.childNodes);
      }
    }
  } catch (error) {
    state.textContent = error.name === "AbortError" ? "Stopped. What stands here was checked; the answer is not whole." : "The server went away.";
    button.remove();
  } finally {
    $("button.main", live).removeAttribute("aria-busy");
  }
});

// Write: each edit is made or not; the diff and the text follow at once
const choose = $("#choose");
choose?.addEventListener("change", () => {
  const boxes = all("[name=keep]", choose);
  for (const box of boxes) for (const piece of all(`#diff [data-edit="${box.value}"]`)) piece.classList.toggle("off", !box.checked);
  const kept = (piece) => (piece.matches("del") ? piece.matches(".off") : !piece.matches("ins.off"));
  $("#result code").textContent = all("#diff > *").filter(kept).map((piece) => piece.textContent).join("");
  const made = boxes.filter((box) => box.checked).length;
  $("#made").textContent = made === boxes.length ? "all edits" : made === 1 ? "1 edit" : `${made} edits`;
});

// Tabs, copy
for (const tabs of all("[data-tabs]")) {
  const buttons = all('[role="tab"]', tabs);
  const choose = (button) => {
    for (const one of buttons) {
      const on = one === button;
      one.setAttribute("aria-selected", String(on));
      one.tabIndex = on ? 0 : -1;
      $("#" + one.getAttribute("aria-controls")).hidden = !on;
    }
    button.focus();
  };
  buttons.forEach((button, at) => {
    button.addEventListener("click", () => choose(button));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) choose(buttons[(at + step + buttons.length) % buttons.length]);
    });
  });
}
for (const button of all("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText($("code", $("#" + button.dataset.copy)).textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}

// Uploads
const drop = $("[data-upload]");
if (drop) {
  const input = $("input[type=file]", drop);
  const send = async (files) => {
    for (const file of files) {
      drop.classList.add("busy");
      const query = new URLSearchParams({ base: drop.dataset.upload, name: file.name });
      const wrong = await upload("/api/documents?" + query, file);
      if (wrong) tell(file.name + ": " + wrong);
    }
    drop.classList.remove("busy");
    input.value = "";
    refresh("#uploads");
  };
  input.addEventListener("change", () => send(input.files));
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  drop.addEventListener("drop", (event) => send(event.dataTransfer.files));
}
// Send a file and show how much of it is there; what went wrong, in a sentence, or "".
function upload(address, file) {
  const bar = document.createElement("progress");
  bar.max = file.size || 1;
  bar.value = 0;
  bar.setAttribute("aria-label", "Sending " + file.name);
  drop.append(bar);
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("x-csrf-token", token);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => { bar.value = event.loaded; });
    request.addEventListener("loadend", () => {
      bar.remove();
      done(request.status >= 200 && request.status < 300 ? "" : request.response?.error?.message ?? "it could not be sent");
    });
    request.send(file);
  });
}
function tell(sentence) {
  const line = document.createElement("p");
  line.className = "told bad";
  line.setAttribute("role", "alert");
  line.textContent = sentence;
  $("#main").prepend(line);
}

// Parts that renew themselves: the page is fetched again, the part is put in its place.
async function refresh(selector) {
  const reply = await fetch(location.href, { headers: { "x-strati-part": "1" } });
  if (!reply.ok) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const [old, fresh] = [$(selector), $(selector, page)];
  if (!old || !fresh) return;
  const busy = old.dataset.refresh;
  old.replaceWith(fresh);
  if (selector === "#uploads" && busy && !fresh.dataset.refresh) location.reload();
  else if (fresh.dataset.refresh) later(selector);
}
const later = (selector) => setTimeout(() => (document.hidden || typing() ? later(selector) : refresh(selector)), selector === "#live" ? 5000 : 800);
for (const id of ["live", "uploads"]) if ($("#" + id)?.dataset.refresh) later("#" + id);

// Countdowns: data-until is in seconds since 1970
const clock = (left) => (left >= 60 ? `${Math.floor(left / 60)}:${String(Math.floor(left % 60)).padStart(2, "0")}` : `${Math.ceil(left)} s`);
function countdowns() {
  for (const box of all("[data-until]")) {
    const left = Number(box.dataset.until) - Date.now() / 1000;
    for (const place of all("[data-left]", box)) place.textContent = clock(Math.max(0, left));
    if (left <= 0 && box.matches(".undo")) box.remove();
    if (left < 60 && box.id === "item") box.classList.add("late");
  }
}
if ($("[data-until]")) { countdowns(); setInterval(countdowns, 500); }

// Review
const item = $("#item");
const began = Date.now();
const cover = $("#cover");
const seen = { proposal: !!cover?.open, evidence: all("#cover blockquote").length };
cover?.addEventListener("toggle", () => { seen.proposal ||= cover.open; });
if (item) {
  const ticket = item.dataset.ticket;
  $("[data-accept]")?.addEventListener("click", (event) => {
    if (cover && !cover.open) { event.preventDefault(); cover.open = true; }  // nothing is accepted unseen
  });
  for (const box of all("[data-draft]")) {
    const place = `strati-draft:${ticket}:${box.name}`;
    box.value = localStorage.getItem(place) ?? box.value;
    box.addEventListener("input", () => localStorage.setItem(place, box.value));
  }
  item.addEventListener("submit", () => {
    item.elements.seen.value = JSON.stringify({ ...seen, seconds: Math.round((Date.now() - began) / 100) / 10 });
    for (const box of all("[data-draft]")) localStorage.removeItem(`strati-draft:${ticket}:${box.name}`);
  });
  setInterval(async () => {  // who works on an item keeps it
    if (document.hidden || Date.now() - touched > 60000) return;
    const headers = { "x-csrf-token": token, "content-type": "application/json" };
    const reply = await fetch(`/api/review/${ticket}/renew`, { method: "POST", headers, body: JSON.stringify({ lease: item.dataset.lease }) });
    if (reply.ok) item.dataset.until = (await reply.json()).until;
  }, 30000);
}
let touched = Date.now();
for (const kind of ["keydown", "pointerdown", "scroll"]) addEventListener(kind, () => { touched = Date.now(); }, { passive: true });

const dialog = $("#keys");
$("[data-help]")?.addEventListener("click", () => dialog.showModal());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && typing()) { document.activeElement.blur(); return; }
  if (typing() || event.ctrlKey || event.metaKey || event.altKey || dialog?.open) return;
  const place = all("[data-focus-key]").find((one) => one.dataset.focusKey === event.key);
  if (place) { event.preventDefault(); place.focus(); return; }
  const button = all("[data-key]").find((one) => one.dataset.key === event.key && !one.closest("[hidden]"));
  if (!button) return;
  event.preventDefault();
  button.click();
});
const poll = $("[data-poll]");
if (poll) setInterval(async () => {
  if (document.hidden) return;
  const reply = await fetch("/api/review");
  if (reply.ok && (await reply.json()).waiting) location.href = poll.dataset.poll;
}, 2000);
$("#cited")?.scrollIntoView({ block: "center" });
