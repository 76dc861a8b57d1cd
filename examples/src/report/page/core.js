"use strict";

/* What all of the page is built of. Text from the wire enters the page in `wire` and `plain` alone: as text, never as
   markup, with what is invisible or turns the direction of text around made visible. */

const byId = (id) => document.getElementById(id);

const data = (id) => {
  const block = byId(id);
  return block ? JSON.parse(block.textContent) : null;
};

/* An element of ours. Children: nodes, or text of ours; null and false are left out. */
function el(name, attributes, ...children) {
  const made = document.createElement(name);
  set(made, attributes);
  add(made, children);
  return made;
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  set(made, attributes);
  add(made, children);
  return made;
}

function set(made, attributes) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
}

function add(to, children) {
  for (const child of children) {
    if (Array.isArray(child)) add(to, child);
    else if (child !== null && child !== undefined && child !== false) {
      to.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
}

const fill = (name, ...children) => add(byId("view-" + name), children);

/* Controls, marks and overrides of direction, and what takes no room. A joiner between two pictures makes one of them,
   and one between Arabic letters is spelling. */
const UNSEEN = new RegExp(
  "(?:[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5" +
  "\\u180b-\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb" +
  "\\u{e0000}-\\u{e0fff}]|(?<!\\p{Script=Arabic})\\u200c|\\u200d(?!\\p{Extended_Pictographic}))+", "gu");

const NAMES = {
  0: "NUL", 7: "BEL", 8: "BS", 27: "ESC", 127: "DEL", 0xad: "SHY", 0x61c: "ALM", 0x200b: "ZWSP", 0x200c: "ZWNJ",
  0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM", 0x2028: "LS", 0x2029: "PS", 0x202a: "LRE", 0x202b: "RLE",
  0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI",
  0x2069: "PDI", 0xfeff: "BOM",
};

function named(run) {
  const codes = Array.from(run, (char) => char.codePointAt(0));
  const name = NAMES[codes[0]] || "U+" + codes[0].toString(16).toUpperCase().padStart(4, "0");
  return codes.length > 1 ? name + "\u00d7" + codes.length : name;
}

/* Text from the wire, isolated: whatever its direction, what is around it stays in place. */
function wire(text, attributes) {
  const made = el("bdi", { dir: "auto", ...attributes });
  const all = String(text === null || text === undefined ? "" : text);
  let from = 0;
  for (const found of all.matchAll(UNSEEN)) {
    made.append(all.slice(from, found.index));
    made.append(el("span", { class: "unseen", title: "an invisible character" }, named(found[0])));
    from = found.index + found[0].length;
  }
  made.append(all.slice(from));
  return made;
}

/* The same where there is room for bare text only: a tip, a label in a picture. */
const plain = (text) => String(text).replace(UNSEEN, (run) => "\u27e8" + named(run) + "\u27e9");

const cutTo = (text, length) => {
  const chars = Array.from(text);
  return chars.length > length ? chars.slice(0, length - 1).join("") + "\u2026" : text;
};

const count = (number) => Number(number).toLocaleString("en").replaceAll(",", "\u2009");

const many = (number, one, more) => count(number) + " " + (number === 1 ? one : more || one + "s");

function bytes(number) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [size, unit] = [number, 0];
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return (unit && size < 100 ? size.toFixed(1) : Math.round(size)) + "\u00a0" + units[unit];
}

/* A time of the records: as precise as the capture. */
const when = (text) => el("time", { datetime: text }, String(text).replace("T", " ").replace("Z", "\u00a0UTC"));

const second = (milliseconds) => {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? "?" : date.toISOString().slice(0, 19).replace("T", " ");
};

function duration(milliseconds) {
  const seconds = Math.abs(milliseconds) / 1000;
  const sign = milliseconds < 0 ? "\u2212" : "";
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= size * 1.5) return sign + (seconds / size).toFixed(seconds < size * 10 ? 1 : 0) + "\u00a0" + unit;
  }
  if (seconds < 1) return sign + Math.round(seconds * 1000) + "\u00a0ms";
  return sign + (seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(0)) + "\u00a0s";
}

const HEAD = data("head");
const SESSIONS = data("sessions");
const LOGINS = data("logins");
const ANOMALIES = data("anomalies");
const FINDINGS = data("findings");
const RULES = data("rules");
const MAPS = data("maps");

/* The columns of a row, and the bits of its flags, as the writer has them. */
const FLAG = { attachment: 1, incomplete: 2, anomaly: 4, candidate: 8, joined: 16, bare: 32 };
const MESSAGES = data("messages").map((row) => {
  const [message, block, place, session, protocol, operation, outcome, flags, start, size, from, to, subject, group,
    words, sha256, findings, severity] = row;
  const found = [message, from, to, subject, words, sha256].join("\n").toLowerCase();
  return { message, block, place, session, protocol, operation, outcome, flags, start, size, from, to, subject, group,
    words, sha256, findings, severity, found };
});

const messageBy = new Map(MESSAGES.map((row) => [row.message, row]));
const sessionBy = new Map(SESSIONS.map((session) => [session.session, session]));
const groups = new Map();
for (const row of MESSAGES) {
  if (!groups.has(row.group)) groups.set(row.group, []);
  groups.get(row.group).push(row);
}

/* The details of messages, block by block; the last few are kept. */
const blocks = new Map();
function block(number) {
  let found = blocks.get(number);
  if (!found) {
    found = data("details-" + number) || [];
    if (blocks.size > 7) blocks.delete(blocks.keys().next().value);
  } else {
    blocks.delete(number);
  }
  blocks.set(number, found);
  return found;
}
const details = (row) => (row.flags & FLAG.bare ? null : block(row.block)[row.place] || null);

const severalInputs = HEAD.inputs.length > 1;
const packet = (place) =>
  el("span", { class: "packet" }, (severalInputs ? "input " + place.input + ", " : "") + "frame " + count(place.frame));
const packets = (stretches) => (stretches || []).map((stretch, at) => [
  at ? "; " : "",
  el("span", { class: "packet" }, (severalInputs ? "input " + stretch.input + ", " : "") +
    (stretch.first === stretch.last ? "frame " + count(stretch.first)
      : "frames " + count(stretch.first) + "\u2013" + count(stretch.last))),
]);

const toMessage = (number) =>
  messageBy.has(number) ? el("a", { href: "#messages/" + number }, "message " + number) : "message " + number;
const toSession = (number) =>
  sessionBy.has(number) ? el("a", { href: "#sessions/" + number }, "session " + number) : "session " + number;

const protocol = (name) => el("span", { class: "protocol " + name }, name.toUpperCase());
const severity = (word) => el("span", { class: "severity " + word }, word);
const outcome = (word) => el("span", { class: "outcome " + word }, word);
const mark = (word, kind, title) => el("span", { class: "mark " + (kind || ""), title }, word);

/* A list of what may be many: the first of them, and a button for the rest. */
function listed(items, most, made, tag) {
  const list = el(tag || "ul", {});
  const more = items.length - most;
  items.slice(0, more > 2 ? most : items.length).forEach((item, at) => list.append(made(item, at)));
  if (more <= 2) return list;
  const button = el("button", {
    type: "button",
    class: "more",
    click: () => {
      items.slice(most).forEach((item, at) => list.append(made(item, most + at)));
      button.remove();
    },
  }, "show " + count(more) + " more");
  return el("div", {}, list, button);
}

/* Names and values. */
function facts(...pairs) {
  const list = el("dl", { class: "facts" });
  for (const pair of pairs) {
    if (!pair || [null, undefined, false, ""].includes(pair[1])) continue;
    const value = el("dd", {}, pair.slice(1));
    if (value.hasChildNodes()) list.append(el("dt", {}, pair[0]), value);
  }
  return list;
}

function table(caption, heads, rows, kind) {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", { class: kind },
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, rows)));
}

const row = (...cells) => el("tr", {}, cells.map((cell) => el("td", {}, cell)));
const code = (text) => el("code", {}, wire(text));
const hash = (text, title) => el("code", { class: "hash", title }, wire(text));
