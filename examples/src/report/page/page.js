
/* Puts the page together: sections, keys, light and dark, paper. */

const TABS = [
  ["overview", "Overview"], ["findings", "Findings", FINDINGS.length], ["messages", "Messages", MESSAGES.length],
  ["sessions", "Sessions", SESSIONS.length], ["logins", "Logins", LOGINS.length], ["anomalies", "Anomalies", ANOMALIES.length],
  ["maps", "Maps"], ["sources", "Sources"],
];

const makers = { overview, findings: findingsView, messages: messagesView, sessions: sessionsView, logins: loginsView,
  anomalies: anomaliesView, maps: mapsView, sources: sourcesView };
const made = new Set();

/* A section is made when it is looked at first. */
function make(name) {
  if (made.has(name)) return;
  made.add(name);
  makers[name]();
}

for (const [at, [name, title, number]] of TABS.entries()) {
  byId("tabs").append(el("a", { href: "#" + name, id: "tab-" + name, "aria-keyshortcuts": String(at + 1) }, title,
    number !== undefined && el("span", { class: "number" }, count(number))));
}

let shownView = "";

function open(pane, inside, grid, item) {
  pane.replaceChildren(el("button", { type: "button", class: "close", "aria-label": "Close", click: () => { location.hash = "#" + shownView; } }, "\u00d7"), ...[inside].flat().filter(Boolean));
  pane.hidden = false;
  pane.scrollTop = 0;
  view(shownView).classList.add("opened");
  grid.find(item);
  const head = pane.querySelector("h3");
  if (head && !grid.node.contains(document.activeElement)) head.focus({ preventScroll: true });
  document.title = pane.getAttribute("aria-label") + " " + location.hash.split("/")[1] + " \u00b7 " + HEAD.title;
}

function close(pane) {
  if (!pane) return;
  pane.hidden = true;
  view(shownView).classList.remove("opened");
}

function route() {
  const [name, number] = location.hash.slice(1).split("/");
  const known = TABS.some((tab) => tab[0] === name) ? name : "overview";
  make(known);
  if (known !== shownView) {
    for (const [other] of TABS) {
      view(other).hidden = other !== known;
      if (other === known) byId("tab-" + other).setAttribute("aria-current", "page");
      else byId("tab-" + other).removeAttribute("aria-current");
    }
    shownView = known;
    document.body.dataset.view = known;
    scrollTo(0, 0);
  }
  document.title = HEAD.title;
  if (known === "messages") {
    const item = messageBy.get(Number(number));
    if (item) open(messages.pane, showMessage(item), messages.grid, item);
    else close(messages.pane);
  } else if (known === "sessions") {
    const item = sessionBy.get(Number(number));
    if (item) open(sessions.pane, showSession(item), sessions.grid, item);
    else close(sessions.pane);
  } else if (known === "findings" && number) {
    const card = findingsView.reach(Number(number));
    if (card) {
      card.scrollIntoView({ block: "center" });
      card.classList.add("chosen");
    }
  }
}

const gridOf = () => ({ messages: messages.grid, sessions: sessions.grid, logins: loginsView.grid, anomalies: anomaliesView.grid })[shownView];

/* Keys. */

const KEYS = [["/", "search messages"], ["j, k, arrows", "next, previous"], ["Page Up, Page Down, Home, End", "further"],
  ["Enter", "open"], ["n, p", "open the next, the previous"], ["Escape", "close, or leave the search"], ["1\u20138", "sections"],
  ["t", "light or dark"], ["?", "these keys"]];
byId("keys").append(el("h2", { id: "h-keys" }, "Keys"), facts(...KEYS.map(([keys, what]) => [el("kbd", {}, keys), what])),
  el("form", { method: "dialog" }, el("button", { type: "submit" }, "Close")));
byId("help").addEventListener("click", () => byId("keys").showModal());

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "Escape") {
    if (typing) {
      typing.blur();
      if (gridOf()) gridOf().node.focus();
    } else if (location.hash.includes("/")) {
      location.hash = "#" + shownView;
      if (gridOf()) gridOf().node.focus();
    }
    return;
  }
  if (typing) {
    if (event.key === "Enter" || event.key === "ArrowDown") {
      if (gridOf() && typing.type === "search") {
        gridOf().node.focus();
        gridOf().go(0);
        event.preventDefault();
      }
    }
    return;
  }
  const grid = gridOf();
  const tab = TABS[Number(event.key) - 1];
  if (event.key === "/") {
    location.hash = "#messages";
    route();
    messages.search.focus();
    messages.search.select();
  } else if (tab) location.hash = "#" + tab[0];
  else if (event.key === "t") turnTheme();
  else if (event.key === "?") byId("keys").showModal();
  else if ((event.key === "n" || event.key === "p") && grid && grid.open) {
    grid.go(grid.at + (event.key === "n" ? 1 : -1));
    if (grid.at >= 0 && (shownView === "messages" || shownView === "sessions")) grid.open(grid.items[grid.at]);
  } else if (grid && !event.target.closest(".grid, .pane, button, a, summary, pre")) {
    if (grid.key(event)) grid.node.focus({ preventScroll: true });
    return;
  } else return;
  event.preventDefault();
});

/* Light and dark: as the system says, until the reader says otherwise. */

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
function sayTheme() {
  byId("theme").textContent = isDark() ? "Light" : "Dark";
}
function turnTheme() {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  sayTheme();
}
dark.addEventListener("change", sayTheme);
byId("theme").addEventListener("click", turnTheme);
sayTheme();

/* Paper has it all in a row: lists as tables, as long as somebody might read them. */

const PRINTED = 1000;
let closed = [];
addEventListener("beforeprint", () => {
  for (const [name] of TABS) make(name);
  findingsView.reach(Infinity);
  document.querySelectorAll(".printed").forEach((one) => one.remove());
  for (const [name, grid] of [["messages", messages.grid], ["sessions", sessions.grid], ["logins", loginsView.grid], ["anomalies", anomaliesView.grid]]) {
    fill(name, grid.printed(name, PRINTED));
    if (name === "messages" && grid.items.length < MESSAGES.length) {
      fill(name, el("p", { class: "printed" }, "Searched or filtered: " + count(grid.items.length) + " of " + many(MESSAGES.length, "message")));
    }
  }
  fill("findings", el("div", { class: "printed" }, el("h3", {}, "The rules"),
    table("The rules", ["Rule", "It means", "Harmless, or wrong", "Source"], Object.entries(RULES).map(([id, [title, meaning, unless, source]]) =>
      row([title, " ", el("code", {}, id)], meaning, unless, source)))));
  document.querySelectorAll(".chart").forEach((place) => place.draw(700));
  closed = Array.from(document.querySelectorAll(".pane details:not([open])"));
  closed.forEach((one) => { one.open = true; });
});
addEventListener("afterprint", () => {
  document.querySelectorAll(".printed").forEach((one) => one.remove());
  closed.forEach((one) => { one.open = false; });
  document.querySelectorAll(".chart").forEach((place) => place.draw(Math.floor(place.clientWidth)));
});
byId("print").addEventListener("click", () => print());

addEventListener("hashchange", route);
route();
/* Milliseconds since it was opened, for whoever measures. */
document.documentElement.dataset.ready = performance.now().toFixed(0);
