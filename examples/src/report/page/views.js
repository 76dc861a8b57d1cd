
/* The sections of the report. */

const view = (name) => byId("view-" + name);
const TOTALS = HEAD.totals;
const sum = (tally) => Object.values(tally || {}).reduce((all, one) => all + one, 0);

const tally = (counts, order, made) => (order || Object.keys(counts || {})).filter((word) => (counts || {})[word])
  .map((word, at) => [at ? " \u00b7 " : "", count(counts[word]), " ", made ? made(word) : word]);

const tile = (title, number, href, ...about) =>
  el("div", { class: "tile" }, el("a", { href }, el("span", { class: "label" }, title), el("strong", {}, number)),
    el("div", { class: "about" }, about));

function overview() {
  const whole = HEAD.complete && !HEAD.damaged_lines && HEAD.inputs.every((input) => !(input.damage || []).length && input.sha256);
  const legend = el("p", { class: "legend" },
    PROTOCOLS.filter((name) => TOTALS.sessions[name]).map((name) => [protocol(name), " "]),
    worst.size > 0 && [el("span", { class: "alarm-key" }), " has a finding of high severity"]);
  fill("overview",
    el("p", { class: "lead" }, TOTALS.first
      ? [many(sum(TOTALS.messages), "message"), " in ", many(HEAD.counts.sessions, "session"), ", ",
        when(TOTALS.first), " to ", when(TOTALS.last), ", out of ", many(HEAD.inputs.length, "capture"), "."]
      : "No session of a mail protocol was found.", " ",
      whole ? mark("all was read", "good") : mark("not all was read", "bad", "See sources and limits")),
    el("div", { class: "tiles" },
      tile("Findings", count(sum(TOTALS.findings)), "#findings", tally(TOTALS.findings, SEVERITIES, severity)),
      tile("Messages", count(sum(TOTALS.messages)), "#messages", tally(TOTALS.messages, PROTOCOLS, protocol),
        el("div", {}, count(TOTALS.with_attachments), " with attachments \u00b7 ",
          TOTALS.incomplete ? mark(count(TOTALS.incomplete) + " incomplete", "bad") : "none incomplete",
          TOTALS.candidates > 0 && [" \u00b7 ", count(TOTALS.candidates), " other readings"])),
      tile("Sessions", count(sum(TOTALS.sessions)), "#sessions", tally(TOTALS.sessions, PROTOCOLS, protocol),
        el("div", {}, "TLS: ", tally(TOTALS.tls))),
      tile("Logins", count(sum(TOTALS.logins)), "#logins", tally(TOTALS.logins, null, outcome),
        el("div", {}, TOTALS.clear_secrets ? mark(count(TOTALS.clear_secrets) + " with the secret in clear", "bad") : "no secret in clear")),
      tile("Anomalies", count(HEAD.counts.anomalies), "#anomalies", many(TOTALS.anomalies.length, "kind")),
      tile("Traffic", count(HEAD.counts.packets), "#sources", "packets \u00b7 ", bytes(TOTALS.session_bytes), " of mail sessions",
        el("div", {}, TOTALS.session_missing ? mark(bytes(TOTALS.session_missing) + " not captured", "bad") : "nothing missing",
          TOTALS.one_sided > 0 && [" \u00b7 ", count(TOTALS.one_sided), " one-sided"]))),
    el("h3", {}, "Sessions over time"), chart(timeline), legend,
    el("h3", {}, "Findings"),
    FINDINGS.length ? topFindings() : el("p", { class: "none" }, "No rule found anything."),
    el("h3", {}, "Captures"), inputs());
}

function topFindings() {
  const kinds = new Map();
  for (const finding of FINDINGS) {
    const key = finding.severity + " " + finding.rule;
    if (!kinds.has(key)) kinds.set(key, { rule: finding.rule, severity: finding.severity, findings: [] });
    kinds.get(key).findings.push(finding);
  }
  const all = Array.from(kinds.values())
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.findings.length - a.findings.length);
  return table("Findings by rule", ["Severity", "Rule", "Findings", "First"], all.map((kind) => row(severity(kind.severity),
    el("a", { href: "#findings/" + kind.findings[0].finding }, (RULES[kind.rule] || [kind.rule])[0]),
    count(kind.findings.length), wire(kind.findings[0].title))), "wide");
}

const inputs = () => table("Captures", ["Input", "File", "Size", "Format", "Frames", "SHA-256", "Damage"], HEAD.inputs.map((input) =>
  row(input.input, wire(input.path), input.size === undefined ? "" : bytes(input.size),
    wire([input.format, input.compression].filter(Boolean).join(", ")), count(input.frames),
    input.sha256 ? hash(input.sha256) : mark("not read", "bad"),
    (input.damage || []).length ? (input.damage || []).slice(0, 20).map((one) => el("div", {}, wire(one.detail), " at byte " + count(one.offset))) : "none")), "wide");

/* Messages. */

const messages = { filters: { protocol: "", outcome: "", flags: 0, finding: false, session: 0 }, words: "", texts: null };

function messagesView() {
  const grid = new Grid({
    label: "Messages",
    empty: "No message is like that.",
    columns: [
      { name: "No.", width: "3.6rem", kind: "number main-side", cell: (item) => item.message, sort: (item) => item.message },
      { name: "Time (UTC)", width: "10.2rem", kind: "time", cell: (item) => second(item.start), sort: (item) => item.start },
      { name: "Protocol", width: "4.6rem", kind: "tag", cell: (item) => protocol(item.protocol), sort: (item) => item.protocol },
      { name: "From", width: "minmax(7rem, 1fr)", kind: "from", cell: (item) => wire(item.from), sort: (item) => item.from.toLowerCase() },
      { name: "To", width: "minmax(7rem, 1fr)", kind: "to", cell: (item) => wire(item.to), sort: (item) => item.to.toLowerCase() },
      { name: "Subject", width: "minmax(9rem, 2fr)", kind: "subject", cell: (item) => wire(item.subject), sort: (item) => item.subject.toLowerCase() },
      { name: "Size", width: "5.2rem", kind: "number size", cell: (item) => bytes(item.size), sort: (item) => item.size, down: true },
      { name: "Outcome", width: "5.2rem", kind: "result", cell: (item) => outcome(item.outcome), sort: (item) => item.outcome },
      { name: "Marks", width: "6.6rem", kind: "signs", cell: signs, sort: (item) => SEVERITIES.length - SEVERITIES.indexOf(item.severity) || item.flags & 7, down: true },
    ],
    open: (item) => { location.hash = "#messages/" + item.message; },
  });
  const search = el("input", { type: "search", id: "search", placeholder: "Search subject, addresses, names, hashes", "aria-label": "Search messages",
    "aria-keyshortcuts": "/", autocomplete: "off", spellcheck: "false", input: () => filter() });
  const inTexts = el("input", { type: "checkbox", id: "in-texts", "aria-label": "search the texts too", change: () => filter() });
  const choice = (name, label, words) => el("select", { "aria-label": label, id: "choose-" + name,
    change: (event) => { messages.filters[name] = event.target.value; filter(); } },
    el("option", { value: "" }, label), words.map((word) => el("option", { value: word }, word)));
  const toggle = (word, change, id) => el("button", { type: "button", class: "toggle", "aria-pressed": "false", id,
    click: (event) => {
      const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
      event.currentTarget.setAttribute("aria-pressed", on);
      change(on);
      filter();
    } }, word);
  const bit = (flag) => (on) => { messages.filters.flags = on ? messages.filters.flags | flag : messages.filters.flags & ~flag; };
  const result = el("p", { class: "told", role: "status", "aria-live": "polite", id: "result" });
  const session = el("button", { type: "button", class: "toggle", hidden: true, "aria-pressed": "true",
    click: () => { messages.filters.session = 0; filter(); } });
  const pane = el("article", { class: "pane", id: "message", "aria-label": "Message", hidden: true });
  Object.assign(messages, { grid, search, pane, filter, result });
  fill("messages",
    el("div", { class: "list" },
      el("div", { class: "filters", role: "search" }, search,
        el("label", { class: "check" }, inTexts, " in texts"),
        choice("protocol", "any protocol", PROTOCOLS.filter((name) => TOTALS.messages[name])),
        choice("outcome", "any outcome", ["accepted", "rejected", "mixed", "unknown"]),
        toggle("attachment", bit(FLAG.attachment), "f-attachment"), toggle("anomaly", bit(FLAG.anomaly), "f-anomaly"),
        toggle("finding", (on) => { messages.filters.finding = on; }, "f-finding"),
        toggle("incomplete", bit(FLAG.incomplete), "f-incomplete"),
        TOTALS.candidates > 0 && toggle("other readings", bit(FLAG.candidate), "f-candidate"), grid.order(), session, result),
      grid.node),
    pane);

  let turn = 0;
  function filter() {
    const { filters } = messages;
    turn += 1;
    session.hidden = !filters.session;
    session.textContent = "session " + filters.session + " \u00d7";
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rest = MESSAGES.filter((item) => (!filters.protocol || item.protocol === filters.protocol) &&
      (!filters.outcome || item.outcome === filters.outcome) && (item.flags & filters.flags) === filters.flags &&
      (!filters.finding || item.findings > 0) &&
      (!filters.session || item.session === filters.session || (sessionBy.get(filters.session).messages || []).includes(item.message)));
    const matches = (item) => words.every((word) => item.found.includes(word));
    const found = words.length ? rest.filter(matches) : rest;
    tell(found, rest.length, "");
    grid.show(found);
    if (words.length && inTexts.checked) texts(words, rest, new Set(found), turn);
  }

  function tell(found, of, more) {
    result.textContent = (found.length === MESSAGES.length ? many(found.length, "message")
      : count(found.length) + " of " + many(MESSAGES.length, "message")) + more;
  }

  /* Looks into the texts bit by bit, so that the page stays awake. */
  function texts(words, rest, found, mine) {
    let at = 0;
    const step = () => {
      if (mine !== turn) return;
      const until = performance.now() + 24;
      while (at < rest.length && performance.now() < until) {
        const item = rest[at];
        at += 1;
        if (found.has(item)) continue;
        const whole = details(item);
        if (!whole) continue;
        const text = item.found + "\n" + (whole.texts || []).map((one) => one.text).join("\n").toLowerCase();
        if (words.every((word) => text.includes(word))) found.add(item);
      }
      const shown = rest.filter((item) => found.has(item));
      tell(shown, rest.length, at < rest.length ? ", looking into texts: " + Math.floor(100 * at / rest.length) + "\u00a0%" : "");
      if (at >= rest.length) grid.show(shown, true);
      else setTimeout(step);
    };
    step();
  }
  filter();
}

const signs = (item) => [
  item.severity && el("span", { class: "sign severity " + item.severity, title: many(item.findings, "finding") + ", the worst: " + item.severity }, item.severity[0].toUpperCase()),
  item.flags & FLAG.attachment ? el("span", { class: "sign", title: "has attachments" }, "att") : null,
  item.flags & FLAG.incomplete ? el("span", { class: "sign bad", title: "incomplete" }, "cut") : null,
  item.flags & FLAG.anomaly ? el("span", { class: "sign odd", title: "has anomalies" }, "odd") : null,
  item.flags & FLAG.candidate ? el("span", { class: "sign candidate", title: "another reading" }, "alt") : null,
];

/* Sessions. */

const sessions = {};

function sessionsView() {
  const grid = new Grid({
    label: "Sessions",
    empty: "There are no sessions.",
    columns: [
      { name: "No.", width: "3.6rem", kind: "number main-side", cell: (item) => item.session, sort: (item) => item.session },
      { name: "Start (UTC)", width: "10.2rem", kind: "time", cell: (item) => item.start.slice(0, 19).replace("T", " "), sort: (item) => item.start },
      { name: "Protocol", width: "4.6rem", kind: "tag", cell: (item) => protocol(item.protocol), sort: (item) => item.protocol },
      { name: "Client", width: "minmax(9rem, 1fr)", kind: "from", cell: (item) => wire(item.client), sort: (item) => item.client },
      { name: "Server", width: "minmax(9rem, 1fr)", kind: "to", cell: (item) => wire(item.server), sort: (item) => item.server },
      { name: "TLS", width: "6rem", kind: "result", cell: (item) => tls(item.tls), sort: (item) => item.tls },
      { name: "Messages", width: "5.4rem", kind: "number", cell: (item) => count((item.messages || []).length), sort: (item) => (item.messages || []).length, down: true },
      { name: "Logins", width: "4.4rem", kind: "number", cell: (item) => count(item.logins), sort: (item) => item.logins, down: true },
      { name: "Bytes", width: "5.4rem", kind: "number size", cell: (item) => bytes(item.bytes.client + item.bytes.server), sort: (item) => item.bytes.client + item.bytes.server, down: true },
      { name: "Ended", width: "6.2rem", kind: "signs", cell: (item) => item.ended, sort: (item) => item.ended },
    ],
    open: (item) => { location.hash = "#sessions/" + item.session; },
  });
  const pane = el("article", { class: "pane", id: "session", "aria-label": "Session", hidden: true });
  Object.assign(sessions, { grid, pane });
  fill("sessions", el("div", { class: "list" }, grid.node), pane);
  grid.sortBy(grid.columns[0], false);
  grid.show(SESSIONS);
}

const tls = (word) => mark(word, { refused: "bad", stripped: "bad", none: "odd", offered: "odd", starttls: "good", implicit: "good" }[word]);

function showSession(session) {
  const findings = findingsOf("sessions", session.session);
  const logins = LOGINS.filter((login) => login.session === session.session);
  const anomalies = ANOMALIES.filter((anomaly) => anomaly.session === session.session);
  const gone = session.missing_bytes.client + session.missing_bytes.server;
  return [
    el("header", { class: "detail-head" }, el("p", { class: "kicker" }, "Session " + session.session, " ", protocol(session.protocol)),
      el("h3", { tabindex: "-1" }, wire(session.client), " \u2192 ", wire(session.server))),
    facts(["Time", when(session.start), " to ", when(session.end)], ["Packets", packets(session.packets)],
      ["Bytes", bytes(session.bytes.client) + " from the client, " + bytes(session.bytes.server) + " from the server"],
      ["Missing", gone > 0 && mark(bytes(gone) + " not captured", "bad")],
      ["One-sided", session.one_sided && mark("only the " + session.one_sided + " was heard", "bad")],
      ["Greeting", session.greeting && wire(session.greeting)], ["Client's name", session.client_name && wire(session.client_name)],
      ["Behind a proxy", session.proxied && [code(session.proxied.client), " \u2192 ", code(session.proxied.server)]],
      ["TLS", tls(session.tls), session.tls_version && [" ", wire(session.tls_version)], session.tls_server_name && [" for ", wire(session.tls_server_name)],
        session.tls_handshake && ", handshake " + session.tls_handshake, session.tls_start && [", from ", packet(session.tls_start.packet)]],
      ["Compressed", session.compressed && "yes"], ["Commands", count(session.commands)], ["Ended", session.ended],
      ["Capabilities", (session.capabilities || []).length > 0 && el("span", { class: "codes" }, session.capabilities.map((one) => [code(one), " "]))],
      ["Wireshark", code(filterOf(session))]),
    findings.length > 0 && section("Findings", count(findings.length), findings.map(findingLine)),
    (session.messages || []).length > 0 && section("Messages", count(session.messages.length),
      listed(session.messages, 30, (number) => el("li", {}, toMessage(number), " ", messageBy.has(number) && wire(messageBy.get(number).subject))),
      el("button", { type: "button", click: () => { messages.filters.session = session.session; messages.filter(); location.hash = "#messages"; } }, "list them")),
    logins.length > 0 && section("Logins", count(logins.length), listed(logins, 20, (login) => el("li", {}, loginLine(login)))),
    (session.actions || []).length > 0 && section("What the client did to stored messages", count(session.actions.length),
      listed(session.actions, 20, (one) => el("li", {}, one.action, " ", one.target && wire(one.target), " ", el("span", { class: "faint" }, packet(one.packet))))),
    anomalies.length > 0 && section("Anomalies", count(anomalies.length), listed(anomalies, 20, (anomaly) => el("li", {}, anomalyLine(anomaly)))),
  ];
}

const loginLine = (login) => [wire(login.mechanism), " ", login.username !== undefined ? code(login.username) : "", " ",
  outcome(login.outcome), " ", el("span", { class: "faint" }, packet(login.packet))];
const anomalyLine = (anomaly) => [el("span", { class: "faint" }, anomaly.layer), " ", code(anomaly.code), " ",
  anomaly.detail && wire(anomaly.detail), " ", anomaly.packet && el("span", { class: "faint" }, packet(anomaly.packet))];
