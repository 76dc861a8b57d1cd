
/* Findings. */

const fact = (value) => (Array.isArray(value) ? value.map((one, at) => [at ? ", " : "", code(one)])
  : typeof value === "number" ? count(value) : code(value));

function findingCard(finding) {
  const [title, meaning, unless, source] = RULES[finding.rule] || [finding.rule, "", "", ""];
  const several = finding.packet && ((finding.packets || []).length > 1 || (finding.packets || []).some((one) => one.first !== one.last));
  const links = (numbers, made) => numbers && numbers.length > 0 &&
    [numbers.slice(0, 12).map((number, at) => [at ? ", " : "", made(number)]), numbers.length > 12 && " and more"];
  return el("article", { class: "finding " + finding.severity, id: "finding-" + finding.finding },
    el("h5", {}, severity(finding.severity), " ", wire(finding.title)),
    el("div", { class: "evidence" },
      facts(["Rule", code(finding.rule), finding.count > 1 && [", ", count(finding.count), " times"]],
        ["Time", finding.at && when(finding.at), finding.until && [" to ", when(finding.until)]],
        ["Packets", packets(finding.packets), several && [" (first: ", packet(finding.packet), ")"]],
        ["Between", (finding.client || finding.server) && [finding.client && code(finding.client), finding.server && [" \u2192 ", code(finding.server)]]],
        ["In", links(finding.sessions, toSession), finding.messages && finding.sessions && ", ", links(finding.messages, toMessage)]),
      facts(...Object.entries(finding.evidence || {}).map(([name, value]) => [wire(name.replaceAll("_", " ")), fact(value)]))),
    meaning && el("details", {}, el("summary", {}, "About the rule"), el("p", {}, el("b", {}, title), ": ", meaning), el("p", {}, "Harmless, or wrong: ", unless),
      el("p", { class: "faint" }, source)));
}

function findingsView() {
  const chosen = { severity: "", words: "" };
  const list = el("div", { class: "cards" });
  const more = el("button", { type: "button", class: "more", click: () => draw(shown + 100) });
  const result = el("p", { class: "told", role: "status", "aria-live": "polite" });
  let [found, shown] = [[], 0];
  const draw = (until) => {
    found.slice(shown, until).forEach((finding) => list.append(findingCard(finding)));
    shown = Math.min(found.length, until);
    more.hidden = shown >= found.length;
    more.textContent = "show more, " + count(found.length - shown) + " are left";
  };
  const filter = () => {
    const words = chosen.words.toLowerCase();
    found = FINDINGS.filter((finding) => (!chosen.severity || finding.severity === chosen.severity) &&
      (!words || JSON.stringify(finding).toLowerCase().includes(words)));
    found.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || a.finding - b.finding);
    shown = 0;
    list.replaceChildren();
    result.textContent = count(found.length) + " of " + many(FINDINGS.length, "finding");
    draw(100);
  };
  /* Shows all up to one that is linked to. */
  findingsView.reach = (number) => {
    if (number === Infinity) draw(PRINTED);
    const at = found.findIndex((finding) => finding.finding === number);
    if (at < 0) {
      if (!FINDINGS.some((finding) => finding.finding === number)) return null;
      chosen.severity = chosen.words = search.value = choose.value = "";
      filter();
      return findingsView.reach(number);
    }
    if (at >= shown) draw(at + 1);
    return byId("finding-" + number);
  };
  const search = el("input", { type: "search", placeholder: "Search findings", "aria-label": "Search findings",
    input: () => { chosen.words = search.value; filter(); } });
  const choose = el("select", { "aria-label": "any severity", change: () => { chosen.severity = choose.value; filter(); } },
    el("option", { value: "" }, "any severity"), SEVERITIES.map((word) => el("option", { value: word }, word)));
  fill("findings",
    el("p", { class: "lead" }, tally(TOTALS.findings, SEVERITIES, severity), FINDINGS.length ? "" : "No rule found anything."),
    el("div", { class: "filters" }, search, choose, result), list, more);
  filter();
}

/* Logins. */

function loginsView() {
  const secret = (login) => {
    const told = login.password !== undefined ? login.password : login.token;
    if (told !== undefined) return wire(told, { class: "secret", title: plain(told) });
    if (login.hash) return wire(login.hash.line, { class: "secret", title: plain(login.hash.line) });
    return el("span", { class: "faint" }, HEAD.secrets === "omit" ? "left out" : "none sent");
  };
  const grid = new Grid({
    label: "Logins",
    empty: "There are no logins.",
    columns: [
      { name: "Time (UTC)", width: "10.2rem", kind: "time", cell: (item) => item.at.slice(0, 19).replace("T", " "), sort: (item) => item.at },
      { name: "Protocol", width: "4.6rem", kind: "tag", cell: (item) => protocol(item.protocol), sort: (item) => item.protocol },
      { name: "User", width: "minmax(8rem, 1fr)", kind: "subject", cell: (item) => wire(item.username === undefined ? "" : item.username), sort: (item) => item.username || "" },
      { name: "Mechanism", width: "8rem", kind: "to", cell: (item) => wire(item.mechanism), sort: (item) => item.mechanism },
      { name: "Outcome", width: "5.6rem", kind: "result", cell: (item) => outcome(item.outcome), sort: (item) => item.outcome },
      { name: "Way", width: "4rem", kind: "signs", cell: (item) => (item.over_tls ? mark("TLS", "good") : mark("clear", "bad")), sort: (item) => item.over_tls },
      { name: "Secret", width: "minmax(8rem, 1.4fr)", kind: "secret-cell", cell: secret },
      { name: "Client \u2192 server", width: "minmax(12rem, 1.6fr)", kind: "from", cell: (item) => [wire(item.client), " \u2192 ", wire(item.server)], sort: (item) => item.client },
      { name: "Evidence", width: "15rem", kind: "place", cell: (item) => [toSession(item.session), ", ", packet(item.packet)] },
    ],
    open: (item) => { location.hash = "#sessions/" + item.session; },
  });
  fill("logins",
    el("p", { class: "lead" }, tally(TOTALS.logins, null, outcome), ". ", {
      show: "Secrets are shown as they passed.", hash: "Secrets are shown by their SHA-256.", omit: "Secrets are left out.",
    }[HEAD.secrets]), grid.node);
  grid.show(LOGINS);
  loginsView.grid = grid;
}

/* Anomalies. */

function anomaliesView() {
  const grid = new Grid({
    label: "Anomalies",
    empty: "There are no anomalies.",
    columns: [
      { name: "Layer", width: "5rem", kind: "tag", cell: (item) => item.layer, sort: (item) => item.layer },
      { name: "Code", width: "minmax(10rem, 1fr)", kind: "subject", cell: (item) => code(item.code), sort: (item) => item.code },
      { name: "Detail", width: "minmax(12rem, 2.4fr)", kind: "from", cell: (item) => wire(item.detail || "", { title: plain(item.detail || "") }) },
      { name: "Evidence", width: "minmax(12rem, 1.4fr)", kind: "place", cell: (item) => [
        item.message ? [toMessage(item.message), ", "] : item.session ? [toSession(item.session), ", "] : "", item.packet ? packet(item.packet) : ""],
        sort: (item) => (item.packet ? item.packet.input * 1e12 + item.packet.frame : 0) },
    ],
    open: (item) => {
      if (item.message && messageBy.has(item.message)) location.hash = "#messages/" + item.message;
      else if (item.session) location.hash = "#sessions/" + item.session;
    },
  });
  const most = Math.max(...TOTALS.anomalies.map((one) => one[2]), 1);
  let chosen = null;
  const filter = () => grid.show(chosen ? ANOMALIES.filter((one) => one.layer === chosen[0] && one.code === chosen[1]) : ANOMALIES);
  const kinds = el("div", { class: "kinds" }, TOTALS.anomalies.map((one) => {
    const size = el("span", { class: "size" });
    size.style.width = Math.max(2, 100 * one[2] / most) + "%";
    return el("button", { type: "button", class: "kind", "aria-pressed": "false", click: (event) => {
      const on = chosen !== one;
      kinds.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", "false"));
      chosen = on ? one : null;
      event.currentTarget.setAttribute("aria-pressed", on);
      filter();
    } }, el("span", { class: "faint" }, one[0]), " ", wire(one[1]), el("span", { class: "number" }, count(one[2])), size);
  }));
  fill("anomalies", el("p", { class: "lead" }, many(HEAD.counts.anomalies, "anomaly", "anomalies"), " of ",
    many(TOTALS.anomalies.length, "kind"), "."), kinds, grid.node);
  filter();
  anomaliesView.grid = grid;
}

/* Maps. */

function mapsView() {
  const host = view("maps");
  const draw = (title, map, edges, heads, line) => {
    if (!map || !map.edges.length) return;
    const place = chart((width) => flowMap(edges, title, width));
    const sorted = map.edges.map((edge, at) => [edges[at].weight, at, edge]).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    const most = 200;
    add(host, [el("h3", {}, title), place, table(title, heads, sorted.slice(0, most).map((one) => line(one[2])), "wide"),
      sorted.length > most && el("p", { class: "faint" }, "and " + count(sorted.length - most) + " more"),
      map.left_out > 0 && el("p", { class: "faint" }, count(map.left_out) + " more found no room")]);
  };
  const { mailed, spoke } = MAPS || {};
  if (!((mailed && mailed.edges.length) || (spoke && spoke.edges.length))) {
    host.append(el("p", { class: "none" }, "Nobody mailed anybody."));
    return;
  }
  const address = (text) => (text ? code(text) : el("span", { class: "faint" }, "<> (null sender)"));
  draw("Who mailed whom", mailed, mailed.edges.map((edge) => ({ from: edge.from, to: edge.to, weight: edge.messages,
    said: many(edge.messages, "message") + ", " + bytes(edge.bytes) })),
  ["From", "To", "Messages", "Bytes", "First", "Last"], (edge) => row(address(edge.from), address(edge.to), count(edge.messages),
    bytes(edge.bytes), when(edge.first), when(edge.last)));
  draw("Which host spoke to which server", spoke, spoke.edges.map((edge) => ({ from: edge.client, to: edge.server + " " + edge.protocol,
    kind: edge.protocol, weight: edge.sessions, said: many(edge.sessions, "session") + ", " + many(edge.messages, "message") })),
  ["Client", "Server", "Protocol", "Sessions", "Messages", "Logins", "Bytes", "First", "Last"], (edge) => row(code(edge.client), code(edge.server),
    protocol(edge.protocol), count(edge.sessions), count(edge.messages), count(edge.logins), bytes(edge.bytes.client + edge.bytes.server), when(edge.first), when(edge.last)));
}

/* Sources. */

function sourcesView() {
  const files = Object.entries(HEAD.sources).map(([name, source]) =>
    row(el("code", {}, name), bytes(source.size), hash(source.sha256)));
  fill("sources",
    el("p", { class: "lead" }, "Made by mailtap " + HEAD.version + " of a folder that mailtap " + HEAD.tool_version + " extracted. ",
      HEAD.complete ? mark("the run came to its end", "good") : mark(HEAD.stopped ? "the run was stopped" : "the run did not come to its end", "bad")),
    el("h3", {}, "Captures"), inputs(),
    HEAD.skipped.length > 0 && [el("h3", {}, "Files that are no captures"), table("Skipped", ["File", "Why"],
      HEAD.skipped.map((one) => row(wire(one.path), wire(one.why))), "wide")],
    el("h3", {}, "Records that the report was made of"), table("Records", ["File", "Size", "SHA-256"], files, "wide"),
    el("h3", {}, "Options of the run"), facts(...Object.entries(HEAD.options).map(([name, value]) =>
      [name, code(typeof value === "object" ? JSON.stringify(value) : value)])),
    el("h3", {}, "Limits"),
    HEAD.left_out.length ? el("ul", {}, HEAD.left_out.map((one) => el("li", {}, one))) : el("p", {}, "Every record is in the report."),
    HEAD.damaged_lines > 0 && el("div", {}, el("p", {}, mark(many(HEAD.damaged_lines, "line") + " of the records are damaged", "bad")),
      el("ul", {}, HEAD.damaged.map((one) => el("li", {}, wire(one))))),
    el("p", { class: "faint" }, "Texts are shown up to 8 KiB of each message, HTML as the text in it; images as small pictures, " +
      "decoded and encoded anew. Texts of the records are cut at 2 KiB. Characters that are invisible or turn the direction of text " +
      "around stand as marks like ", el("span", { class: "unseen" }, "RLO"), ". The page loads nothing and sends nothing; the files of the messages are in the folder."));
}
