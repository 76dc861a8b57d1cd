
/* One message, with all that is known of it. */

const section = (title, note, ...inside) =>
  el("section", { class: "block" }, el("h4", {}, title, note && el("small", {}, note)), inside);

function showMessage(entry) {
  const found = details(entry);
  const others = (groups.get(entry.group) || []).filter((other) => other !== entry);
  const findings = findingsOf("messages", entry.message);
  if (!found) {
    return [heading(entry, null), el("p", { class: "notice" },
      "The report has no room for the details of this message: they are in messages.jsonl and in " +
      "its file, messages/" + entry.sha256 + ".eml."),
      findings.length > 0 && section("Findings", null, findings.map(findingLine)),
      others.length > 0 && section("Also seen", null, alsoSeen(entry, others))];
  }
  const { record, compared, texts = [], pictures = [], notes = [], more = {} } = found;
  return [
    heading(entry, record),
    facts(
      ["Transfer", protocol(record.protocol), " ", record.operation.toUpperCase(), " in ", sessionsOf(record)],
      ["Outcome", outcome(record.outcome), record.reply && [" ", code(record.reply)]],
      ["Time", when(record.start), Date.parse(record.end) > Date.parse(record.start) &&
        [" (" + duration(Date.parse(record.end) - Date.parse(record.start)) + ")"]],
      ["Connection", code(record.client), " \u2192 ", code(record.server)],
      ["Packets", packets(record.packets)],
      ["Reading", record.reading === "candidate" && ["another receiver might have read it: ", codes(record.via)]],
      ["POP3", record.number && ["message " + record.number, record.unique_id && [", UIDL ", code(record.unique_id)]]],
      ["Mailbox", record.mailbox && wire(record.mailbox)],
      ["IMAP", imap(record)],
      ["Section", record.section && [code(record.section), " of a message, not the whole"]],
    ),
    findings.length > 0 && section("Findings", count(findings.length), findings.map(findingLine)),
    !record.complete && section("Missing", null, missing(record)),
    section("Envelope and header", null, envelope(record, compared || {}, more)),
    section("Path over servers", null, path(entry, record, others)),
    section("Text", "as text, never as a page", textOf(texts, notes, record)),
    pictures.length > 0 && section("Images", "small, encoded anew", picturesOf(pictures, record)),
    (record.parts || []).length > 0 && section("Parts", count(record.parts.length + (more.parts || 0)), parts(record, more)),
    section("Hashes", null, hashes(record)),
    (record.anomalies || []).length > 0 && section("Anomalies", count(record.anomalies.length + (more.anomalies || 0)),
      listed(record.anomalies, 30, (anomaly) => el("li", {}, code(anomaly.code), " ", anomaly.detail && wire(anomaly.detail)))),
    (record.urls || []).length > 0 && section("Web addresses", count(record.urls.length + (more.urls || 0)) + ", text and not links",
      listed(record.urls, 12, (url) => el("li", { class: "url" }, wire(url)))),
    (record.authentication_results || []).length > 0 && section("Authentication results", "as the header claims",
      authentication(record.authentication_results)),
    (record.header_fields || []).length > 0 && el("details", { class: "block" },
      el("summary", {}, "Header fields", el("small", {}, count(record.header_fields.length + (more.header_fields || 0)))),
      headerFields(record.header_fields)),
  ];
}

function heading(entry, record) {
  const subject = record && record.headers ? record.headers.subject : entry.subject;
  return el("header", { class: "detail-head" },
    el("p", { class: "kicker" }, "Message " + entry.message, " ", marks(entry), " ", bytes(entry.size)),
    el("h3", { tabindex: "-1" }, subject ? wire(subject) : el("span", { class: "faint" }, "no subject")));
}

const SEVERITIES = ["high", "medium", "low", "info"];

/* Those of a message or a session, the worst first. */
const findingsOf = (what, number) => FINDINGS.filter((finding) => (finding[what] || []).includes(number))
  .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));

/* A finding where there is more to see than findings. */
const findingLine = (finding) => el("article", { class: "finding short " + finding.severity },
  el("h5", {}, severity(finding.severity), " ", wire(finding.title)),
  el("p", { class: "faint" }, el("a", { href: "#findings/" + finding.finding }, "finding " + finding.finding),
    finding.count > 1 && ", " + count(finding.count) + " times", (finding.packets || []).length > 0 && [", ", packets(finding.packets)]));

const marks = (entry) => [
  entry.flags & FLAG.candidate ? [mark("other reading", "candidate", "Another receiver might have read the bytes so"), " "] : null,
  entry.flags & FLAG.incomplete ? [mark("incomplete", "bad", "Bytes are missing"), " "] : null,
  entry.flags & FLAG.attachment ? [mark("attachment", "", "Has attachments"), " "] : null,
  entry.flags & FLAG.anomaly ? [mark("anomaly", "odd", "Something about it is odd"), " "] : null,
  entry.severity ? [el("span", { class: "severity " + entry.severity, title: many(entry.findings, "finding") }, entry.severity), " "] : null,
];

const codes = (all) => (all || []).map((one, at) => [at ? ", " : "", code(one)]);

function sessionsOf(record) {
  if (record.session) return toSession(record.session);
  const numbers = [...new Set((record.sources || []).map((source) => source.session))];
  return ["pieces from ", numbers.slice(0, 20).map((number, at) => [at ? ", " : "", toSession(number)])];
}

function imap(record) {
  const told = [];
  if (record.uid) told.push("UID " + record.uid);
  if (record.sequence) told.push("sequence number " + record.sequence);
  const flags = (record.flags || []).map((flag) => [" ", code(flag)]);
  const date = record.internal_date ? [", internal date ", wire(record.internal_date)] : [];
  return told.length || flags.length || date.length ? [told.join(", "), flags, date] : null;
}

const missing = (record) => [
  el("p", {}, (record.missing || []).length
    ? many(record.missing.length, "range") + " of the message did not come with the capture. The file holds the rest, put together."
    : "It was not seen to its end."),
  (record.missing || []).length > 0 && holes(record),
  listed(record.missing || [], 12, (hole) => el("li", {}, "at byte " + count(hole.offset) + " of the whole: ",
    hole.length ? many(hole.length, "byte") : "from there on; nobody knows how much")),
];

const address = (named, kind) => el("span", { class: kind || "" },
  named.name ? [wire(named.name, { class: "name" }), " "] : null, code(named.address));

/* What the client told the server, and beside it what the reader is told. */
function envelope(record, compared, more) {
  const given = record.envelope;
  const differs = (word, title) => mark(word, "bad", title);
  const list = (all, from) => listed(all, 12, (named, at) => el("li", {}, address(named), " ",
    given && given.rcpt_to.length > 0 && compared.unsent && compared.unsent[from + at]
      ? mark("not in the envelope", "odd", "Named in the header, but no recipient of this transfer") : null));
  const [to, cc, bcc] = [compared.to || [], compared.cc || [], compared.bcc || []];
  const sender = given && given.mail_from !== undefined
    ? [given.mail_from === "" ? el("span", { class: "faint" }, "<> (null sender)") : code(given.mail_from), " ",
      compared.sender_differs === true && differs("differs", "The header says another sender")]
    : el("span", { class: "faint" }, given ? "MAIL was not seen" : "none: the message was fetched");
  const unnamed = (compared.named || []).filter((named) => !named).length;
  const recipients = given && el("div", {},
    given.rcpt_to.length > 3 && el("p", { class: "sum" }, many(given.rcpt_to.length + (more.rcpt_to || 0), "recipient"),
      unnamed ? [", ", mark(count(unnamed) + " not in the header", "bad", "Bcc, a list, or something to hide")] : null),
    listed(given.rcpt_to, 12, (one, at) => el("li", {}, code(one.address), " ",
      one.accepted === true ? mark("taken", "good", one.reply && plain(one.reply)) : null,
      one.accepted === false ? mark("refused", "bad", one.reply && plain(one.reply)) : null,
      one.accepted === false && one.reply ? [" ", wire(one.reply)] : null,
      one.delivery ? [" ", code(one.delivery)] : null,
      compared.named && compared.named[at] === false
        ? [" ", differs("not in the header", "Bcc, a list, or something to hide")] : null)));
  const fields = (name, all, made) => (all.length ? el("div", { class: "field" }, el("span", { class: "label" }, name), made) : null);
  const simple = (name, all) => fields(name, all || [], listed(all || [], 12, (named) => el("li", {}, address(named))));
  const headers = record.headers || {};
  return [
    el("div", { class: "beside" },
      el("div", {}, el("h5", {}, "Envelope"), el("span", { class: "label" }, "MAIL FROM"), el("p", {}, sender),
        given && el("span", { class: "label" }, "RCPT TO"), recipients,
        given && given.parameters && facts(...Object.entries(given.parameters).map(([name, value]) => [wire(name), wire(value)]))),
      el("div", {}, el("h5", {}, "Header"),
        simple("From", compared.from), simple("Sender", compared.sender), simple("Return-Path", compared.return_path),
        simple("Reply-To", compared.reply_to), fields("To", to, list(to, 0)), fields("Cc", cc, list(cc, to.length)),
        fields("Bcc", bcc, list(bcc, to.length + cc.length)))),
    facts(["Date", headers.date && wire(headers.date)], ["Message-ID", headers.message_id && code(headers.message_id)],
      ["In-Reply-To", headers.in_reply_to && code(headers.in_reply_to)],
      ["Program", headers.user_agent && wire(headers.user_agent)],
      ["X-Originating-IP", headers.x_originating_ip && code(headers.x_originating_ip)],
      ["Delivered", headers.delivery_date && wire(headers.delivery_date)],
      ["Envelope-To", headers.envelope_to && wire(headers.envelope_to)]),
  ];
}

/* The hops that the header claims, the oldest first, and the transfers that were seen. */
function path(entry, record, others) {
  const hops = (record.received || []).slice().reverse();
  let before = NaN;
  const claimed = hops.map((hop) => {
    const time = Date.parse(hop.date);
    const later = Number.isFinite(time - before) ? time - before : null;
    if (Number.isFinite(time)) before = time;
    return el("li", {},
      el("span", { class: "hop" }, hop.helo || hop.from ? wire(hop.helo || hop.from) : "?",
        (hop.host || hop.ip) && [" (", hop.host && wire(hop.host), hop.host && hop.ip && " ", hop.ip && code(hop.ip), ")"],
        " \u2192 ", hop.by ? wire(hop.by) : "?"),
      el("span", { class: "faint" }, hop.with && [" with ", wire(hop.with)], hop.id && [", id ", wire(hop.id)],
        hop.for && [", for ", wire(hop.for)]),
      hop.date && el("div", { class: "faint" }, wire(hop.date), later !== null &&
        [" ", mark((later >= 0 ? "+" : "") + duration(later), later < 0 ? "bad" : "", "after the hop before")]));
  });
  return [
    el("h5", {}, "Claimed by the header", el("small", {}, "Received fields, the oldest first")),
    claimed.length ? el("ol", { class: "hops" }, claimed) : el("p", { class: "faint" }, "There is no Received field."),
    el("h5", {}, "Seen on the wire", el("small", {}, "transfers with the same Message-ID or content")),
    alsoSeen(entry, others),
  ];
}

function alsoSeen(entry, others) {
  const all = [entry, ...others].sort((a, b) => a.start - b.start || a.message - b.message);
  const seen = (other) => {
    const session = sessionBy.get(other.session);
    return el("li", { class: other === entry ? "here" : "" },
      el("span", { class: "hop" }, protocol(other.protocol), " ", other.operation.toUpperCase(), " ",
        session ? [code(session.client), " \u2192 ", code(session.server)] : null),
      el("div", { class: "faint" }, second(other.start) + " UTC, ", other === entry ? "this message" : toMessage(other.message),
        other.session ? [", ", toSession(other.session)] : null, " ",
        other === entry ? null : other.sha256 === entry.sha256 ? mark("same bytes", "good") : mark("same Message-ID or content", "")));
  };
  return listed(all, 25, seen, "ol");
}

const textOf = (texts, notes, record) => [
  texts.map((text) => el("figure", { class: "text" },
    el("figcaption", {}, "part ", wire(text.path), ", ", wire(text.kind), text.kind === "text/html" && " as text",
      text.cut && [" ", mark("cut", "odd", "There is more of it in the file")]),
    el("pre", { tabindex: "0" }, wire(text.text)))),
  texts.length === 0 && el("p", { class: "faint" }, "No part of it is text."),
  notes.map((note) => el("p", { class: "faint" }, wire(note))),
  record.file && el("p", { class: "faint" }, "The whole of it: ", code(record.file)),
];

function picturesOf(pictures, record) {
  const parts = new Map((record.parts || []).map((part) => [part.path, part]));
  return el("div", { class: "pictures" }, pictures.map((picture) => {
    const part = parts.get(picture.path) || {};
    const name = part.filename || "part " + picture.path;
    return el("figure", {},
      picture.source
        ? el("img", { src: picture.source, alt: "a small picture of " + plain(name), loading: "lazy", decoding: "async" })
        : el("p", { class: "faint" }, "no picture: ", picture.why),
      el("figcaption", {}, wire(name), el("br"), picture.width &&
        picture.format + ", " + picture.width + "\u00a0\u00d7\u00a0" + picture.height));
  }));
}

function parts(record, more) {
  const lines = record.parts.map((part) => {
    const deep = part.path === "0" ? 0 : part.path.split(".").length;
    const name = el("td", {}, el("span", { class: "tree" }, wire(part.path)), " ", wire(part.content_type),
      part.disposition && [" ", el("span", { class: "faint" }, wire(part.disposition))]);
    name.style.paddingLeft = 0.4 + Math.min(deep, 12) * 0.9 + "rem";
    const marked = [
      part.type_mismatch && mark("type differs", "bad", "The content is something else than the message says"),
      part.hidden && mark("hidden: " + part.hidden, "bad", "Mail programs do not show it"),
      part.decode !== "ok" && mark("decoded: " + part.decode, "odd"),
      !part.complete && mark("incomplete", "bad"),
      part.encryption && mark("encrypted: " + plain(part.encryption), "odd", "It needs a password"),
      part.macros && mark("macros", "odd", "It has a VBA project or a macro sheet"),
      (part.via || []).length > 0 && mark("another reading", "odd", plain(part.via.join(", "))),
    ].filter(Boolean).map((one) => [one, " "]);
    return el("tr", {}, name,
      el("td", {}, part.filename && wire(part.filename), (part.names || []).some((one) => one.value !== part.filename) &&
        el("div", { class: "faint" }, part.names.map((one, at) => [at ? ", " : "", wire(one.source), ": ", wire(one.value)]))),
      el("td", {}, part.detected_type ? wire(part.detected_type) : "",
        (part.entries || []).length > 0 && el("div", { class: "faint" }, part.entries.map((one, at) => [at ? ", " : "", wire(one)]))),
      el("td", { class: "number" }, part.size === undefined ? "" : bytes(part.size)),
      el("td", {}, marked),
      el("td", {}, part.sha256 && hash(part.sha256, plain("MD5 " + part.md5)),
        part.file && el("span", { class: "faint", title: plain(part.file) }, " kept as ", wire(part.file.slice(part.file.lastIndexOf("."))))));
  });
  const most = 60;
  const shown = table("Parts", ["Part", "Name", "Content is", "Size", "", "SHA-256"], lines.slice(0, most), "parts");
  if (lines.length <= most) return [shown, more.parts && el("p", { class: "faint" }, count(more.parts) + " more are in messages.jsonl")];
  const button = el("button", { type: "button", class: "more", click: () => {
    shown.querySelector("tbody").append(...lines.slice(most));
    button.remove();
  } }, "show " + count(lines.length - most) + " more");
  return [shown, button, more.parts && el("p", { class: "faint" }, count(more.parts) + " more are in messages.jsonl")];
}

const hashes = (record) => facts(
  ["SHA-256", hash(record.sha256)],
  ["MD5", hash(record.md5)],
  ["SHA-256 without the last line end", record.sha256_trimmed !== record.sha256 && hash(record.sha256_trimmed)],
  ["Size", many(record.size, "byte")],
  ["Wireshark", code(filterOf(record))],
);

/* A display filter for its packets. */
function filterOf(record) {
  const [client, server] = [record.client, record.server].map((text) => {
    const at = text.lastIndexOf(":");
    return [text.slice(0, at).replace(/^\[|\]$/g, ""), text.slice(at + 1)];
  });
  const stretch = (record.packets || [])[0];
  const kind = client[0].includes(":") ? "ipv6.addr" : "ip.addr";
  return kind + " == " + client[0] + " && tcp.port == " + client[1] + " && tcp.port == " + server[1] +
    (stretch ? " && frame.number >= " + stretch.first + " && frame.number <= " + stretch.last : "");
}

const authentication = (all) => el("ul", {}, all.map((one) => el("li", {}, one.server ? wire(one.server) : "?", ": ",
  one.results.length ? one.results.map((result, at) => [at ? "; " : "", wire(result.method), "=",
    mark(plain(result.result), result.result === "pass" ? "good" : result.result === "fail" ? "bad" : ""),
    Object.entries(result.properties || {}).map(([name, value]) => [" ", wire(name), "=", wire(value)]),
    (result.reason || result.comment) && [" (", wire(result.reason || result.comment), ")"]]) : "nothing was checked")));

const headerFields = (fields) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Header fields" },
  el("table", { class: "fields" }, el("tbody", {}, fields.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, wire(name)), el("td", {}, wire(value)))))));
