// What is wrong with the page that is open, as sentences. Run in the page; gives a list.
const wrong = [];
const all = (selector) => [...document.querySelectorAll(selector)];
const shown = (one) => one.checkVisibility({ checkVisibilityCSS: true }) && one.getClientRects().length > 0;
const name = (one) => `${one.tagName.toLowerCase()}${one.id ? "#" + one.id : ""}.${one.className?.baseVal ?? one.className} "${(one.textContent ?? "").trim().slice(0, 40)}"`;

// Structure
if (all("h1").length !== 1) wrong.push(`${all("h1").length} h1, expected one`);
if (all("main").length !== 1) wrong.push(`${all("main").length} main, expected one`);
if (!document.documentElement.lang) wrong.push("no language");
let last = 1;
for (const head of all("h1, h2, h3, h4").filter(shown)) {
  const level = Number(head.tagName[1]);
  if (level > last + 1) wrong.push(`${name(head)} comes after a heading of level ${last}`);
  last = level;
}
const ids = all("[id]").map((one) => one.id);
for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at))) wrong.push(`the id ${id} is there twice`);
for (const one of all("[aria-controls], [aria-labelledby]")) {
  for (const id of `${one.getAttribute("aria-controls") ?? ""} ${one.getAttribute("aria-labelledby") ?? ""}`.split(" ").filter(Boolean)) {
    if (!document.getElementById(id)) wrong.push(`${name(one)} points to ${id}, which is not there`);
  }
}

// Names
const named = (one) => (one.getAttribute("aria-label") ?? "").trim() || (one.innerText ?? "").trim() || one.getAttribute("title");
for (const field of all("input:not([type=hidden]), select, textarea").filter(shown)) {
  if (!field.getAttribute("aria-label") && ![...(field.labels ?? [])].some((label) => label.textContent.trim())) wrong.push(`${name(field)} has no label`);
}
for (const one of all("a[href], button, summary").filter(shown)) {
  if (!named(one) && !one.querySelector("text, .hush")) wrong.push(`${name(one)} has no name`);
}
for (const one of all("img:not([alt]), svg[role=img]:not([aria-label])").filter(shown)) wrong.push(`${name(one)} has no description`);
for (const one of all("th:not([scope])").filter(shown)) wrong.push(`${name(one)} does not say whether it heads a row or a column`);

// Room
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) {
  const wide = all("main *").filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1).slice(-1);
  wrong.push(`it scrolls sideways: ${root.scrollWidth} pixels of ${root.clientWidth}; ${wide.map(name)}`);
}
for (const one of all("button, select, .side a").filter(shown)) {
  const box = one.getBoundingClientRect();
  if (box.height < 24 && !one.matches(".link")) wrong.push(`${name(one)} is ${Math.round(box.height)} pixels high, expected 24`);
}

// Contrast: each text against what lies behind it
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const colour = (css) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = css;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const over = ([r, g, b, a], below) => [r, g, b].map((part, at) => part * a + below[at] * (1 - a));
const behind = (one) => {
  const layers = [];
  for (let at = one; at; at = at.parentElement) layers.push(colour(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
};
const light = (rgb) => {
  const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const told = new Set();
while (texts.nextNode()) {
  const one = texts.currentNode.parentElement;
  if (!texts.currentNode.textContent.trim() || !shown(one) || one.closest("title, script, .hush, .skip, option, [aria-busy]")) continue;
  const style = getComputedStyle(one);
  const ink = colour(one instanceof SVGElement ? style.fill : style.color);
  const ground = behind(one);
  const size = parseFloat(style.fontSize);
  const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
  const found = contrast(over(ink, ground), ground);
  const key = `${one.className?.baseVal ?? one.className}|${style.color}`;
  if (found < needed && !told.has(key)) {
    told.add(key);
    wrong.push(`${name(one)} has a contrast of ${found.toFixed(2)}, expected ${needed}`);
  }
}
for (const field of all("input:not([type=hidden], [type=checkbox], [type=file]), select, textarea").filter(shown)) {
  if (field.closest(".ask") && field.matches("textarea:not(.code)")) continue; // the card around it is its edge
  const style = getComputedStyle(field);
  const ground = behind(field.parentElement);
  const found = contrast(over(colour(style.borderTopColor), ground), ground);
  if (found < 3) wrong.push(`the edge of ${name(field)} has a contrast of ${found.toFixed(2)}, expected 3`);
  if (field.placeholder) {
    const own = getComputedStyle(field, "::placeholder");
    const faint = contrast(over([...colour(own.color).slice(0, 3), Number(own.opacity)], behind(field)), behind(field));
    if (faint < 4.5) wrong.push(`the placeholder of ${name(field)} has a contrast of ${faint.toFixed(2)}, expected 4.5`);
  }
}
return wrong;
