
/* Pictures. */

const PROTOCOLS = ["smtp", "lmtp", "pop3", "imap"];

/* A place for a picture that is drawn as wide as there is room. */
function chart(draw) {
  const place = el("div", { class: "chart" });
  let drawn = 0;
  place.draw = (width) => {
    if (width < 50 || width === drawn) return;
    drawn = width;
    place.replaceChildren(draw(width));
  };
  new ResizeObserver(() => place.draw(Math.floor(place.clientWidth))).observe(place);
  return place;
}

/* The axis of time: long idle times are left out, and told. */
function timeAxis(spans, width) {
  const merged = [];
  for (const [start, end] of spans.slice().sort((a, b) => a[0] - b[0])) {
    const last = merged[merged.length - 1];
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  if (!merged.length) return null;
  const gaps = merged.slice(1).map((span, at) => [span[0] - merged[at][1], at + 1]).sort((a, b) => b[0] - a[0]);
  let total = merged[merged.length - 1][1] - merged[0][0];
  const breaks = new Set();
  for (const [gap, at] of gaps) {
    if (gap < total * 0.3 || breaks.size >= 7) break;
    breaks.add(at);
    total -= gap;
  }
  const pieces = [];
  merged.forEach((span, at) => {
    if (!at || breaks.has(at)) pieces.push([span[0], span[1]]);
    else pieces[pieces.length - 1][1] = span[1];
  });
  const [room, between] = [width, 26];
  const least = Math.min(70, (room - between * (pieces.length - 1)) / pieces.length);
  const spare = room - between * (pieces.length - 1) - least * pieces.length;
  const sum = pieces.reduce((all, [start, end]) => all + Math.max(1, end - start), 0);
  let x = 0;
  const placed = pieces.map(([start, end]) => {
    const wide = least + spare * Math.max(1, end - start) / sum;
    const piece = { start, end: Math.max(end, start + 1), x, wide };
    x += wide + between;
    return piece;
  });
  const at = (time) => {
    const piece = placed.find((one) => time <= one.end) || placed[placed.length - 1];
    return piece.x + piece.wide * Math.max(0, Math.min(1, (time - piece.start) / (piece.end - piece.start)));
  };
  return { pieces: placed, at };
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5,
  72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 6048e5, 2592e6, 7776e6, 31536e6];

function ticks(piece) {
  const step = STEPS.find((one) => piece.wide * one / (piece.end - piece.start) >= 84) || 31536e7;
  const found = [];
  for (let time = Math.ceil(piece.start / step) * step; time <= piece.end && found.length < 40; time += step) {
    const text = new Date(time).toISOString();
    found.push([time, step >= 864e5 ? text.slice(0, 10) : step >= 6e4 ? text.slice(11, 16)
      : step >= 1e3 ? text.slice(11, 19) : text.slice(14, 23)]);
  }
  return found;
}

const worst = new Map();
for (const finding of FINDINGS) {
  for (const number of finding.sessions || []) {
    if (finding.severity === "high") worst.set(number, finding);
  }
}

/* Sessions over time: each a bar, as long as it is not too many of them; otherwise how many began when. */
function timeline(width) {
  const spans = SESSIONS.map((session) => [Date.parse(session.start), Date.parse(session.end), session])
    .filter(([start, end]) => Number.isFinite(start) && Number.isFinite(end));
  const axis = timeAxis(spans, width - 2);
  if (!axis) return el("p", { class: "none" }, "There are no sessions.");
  const lanes = [];
  const bars = [];
  if (spans.length <= 1500) {
    for (const [start, end, session] of spans.slice().sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
      const x = axis.at(start);
      const wide = Math.max(3, axis.at(end) - x);
      let lane = lanes.findIndex((until) => until + 2 <= x);
      if (lane < 0) lane = lanes.push(0) - 1;
      lanes[lane] = x + wide;
      bars.push({ x, wide, lane, session });
    }
  }
  const few = bars.length > 0 && lanes.length <= 28;
  const [top, tall] = [4, few ? Math.max(46, lanes.length * 11) : 130];
  const picture = svg("svg", {
    class: "timeline", viewBox: "0 0 " + width + " " + (top + tall + 36), width, height: top + tall + 36, role: "img",
    "aria-label": many(spans.length, "session") + " over time, from " + second(axis.pieces[0].start) + " to " +
      second(axis.pieces[axis.pieces.length - 1].end) + " UTC; the table of sessions has them all",
  });
  axis.pieces.forEach((piece, at) => {
    picture.append(svg("rect", { class: "plot", x: piece.x, y: top, width: piece.wide, height: tall }));
    let free = 0;
    for (const [time, text] of ticks(piece)) {
      const x = axis.at(time);
      picture.append(svg("line", { class: "tick", x1: x, x2: x, y1: top, y2: top + tall + 4 }));
      if (x - 30 > piece.x + free && x + 30 < piece.x + piece.wide + 12) {
        picture.append(svg("text", { x, y: top + tall + 16, "text-anchor": "middle" }, text));
        free = x - piece.x + 34;
      }
    }
    const day = new Date(piece.start).toISOString();
    const clash = at > 0 && axis.pieces[at - 1].wide < 80 && piece.wide < 80 && at % 2;
    picture.append(svg("text", { class: "day", x: piece.x, y: top + tall + (clash ? 16 : 31) }, day.slice(0, 10)));
    const before = axis.pieces[at - 1];
    if (before) {
      const x = piece.x - 13;
      picture.append(svg("path", { class: "break", d: "M" + (x - 3) + " " + top + "v" + tall + "M" + (x + 3) + " " + top + "v" + tall },
        svg("title", {}, duration(piece.start - before.end) + " without a session left out")));
    }
  });
  if (few) {
    for (const { x, wide, lane, session } of bars) {
      const y = top + 3 + lane * 11;
      const bar = svg("rect", { class: "bar " + session.protocol, x, y, width: wide, height: 8, rx: 1.5 },
        svg("title", {}, plain("session " + session.session + ", " + session.protocol.toUpperCase() + " " + session.client +
          " \u2192 " + session.server + ", " + many((session.messages || []).length, "message"))));
      bar.addEventListener("click", () => { location.hash = "#sessions/" + session.session; });
      picture.append(bar);
      if (worst.has(session.session)) picture.append(svg("rect", { class: "alarm", x, y: y + 8, width: wide, height: 2 }));
    }
  } else histogram(picture, spans, axis, top, tall);
  return picture;
}

function histogram(picture, spans, axis, top, tall) {
  const wide = 6;
  const bins = new Map();
  for (const [start, , session] of spans) {
    const at = Math.floor(axis.at(start) / wide);
    if (!bins.has(at)) bins.set(at, { smtp: 0, lmtp: 0, pop3: 0, imap: 0, all: 0 });
    bins.get(at)[session.protocol] += 1;
    bins.get(at).all += 1;
  }
  const most = Math.max(...Array.from(bins.values(), (bin) => bin.all));
  for (const [at, bin] of bins) {
    let y = top + tall;
    for (const name of PROTOCOLS) {
      const height = (tall - 12) * bin[name] / most;
      y -= height;
      if (height) {
        picture.append(svg("rect", { class: "bar " + name, x: at * wide + 0.5, y, width: wide - 1, height },
          svg("title", {}, many(bin[name], name.toUpperCase() + " session"))));
      }
    }
  }
  picture.append(svg("text", { class: "day", x: 4, y: top + 11 }, "up to " + many(most, "session") + " in each bar"));
}

/* Who had to do with whom: those on the left with those on the right, as wide as it was often. */
function flowMap(edges, label, width) {
  const most = 22;
  const side = (key, chosen) => {
    const sums = new Map();
    for (const edge of chosen) sums.set(edge[key], (sums.get(edge[key]) || 0) + edge.weight);
    return Array.from(sums).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  };
  /* The heaviest, as long as there is room for their ends. */
  const ends = { from: new Set(), to: new Set() };
  const shown = edges.slice().sort((a, b) => b.weight - a.weight).filter((edge) => {
    const fits = ["from", "to"].every((key) => ends[key].has(edge[key]) || ends[key].size < most);
    if (fits) ["from", "to"].forEach((key) => ends[key].add(edge[key]));
    return fits;
  });
  const [lefts, rights] = ["from", "to"].map((key) => new Map(side(key, shown).map(([name, sum], at) => [name, { sum, at }])));
  const tops = new Map(Array.from(rights, ([name]) => {
    const ends = shown.filter((edge) => edge.to === name);
    const sum = ends.reduce((all, edge) => all + edge.weight, 0);
    return [name, sum ? ends.reduce((all, edge) => all + lefts.get(edge.from).at * edge.weight, 0) / sum : most];
  }));
  Array.from(rights.entries()).sort((a, b) => tops.get(a[0]) - tops.get(b[0]) || a[1].at - b[1].at)
    .forEach(([, node], at) => { node.at = at; });
  const line = 21;
  const lines = Math.max(lefts.size, rights.size);
  const tall = lines * line + 8;
  const room = Math.min(330, width * 0.36);
  const letters = Math.floor(room / 7.6);
  const y = (nodes, at) => 4 + (at + 0.5 + (lines - nodes.size) / 2) * line;
  const heaviest = Math.max(...shown.map((edge) => edge.weight), 1);
  const thick = Math.min(7, 5 * Math.log10(heaviest + 1));
  const picture = svg("svg", {
    class: "map", viewBox: "0 0 " + width + " " + tall, width, height: tall, role: "img",
    "aria-label": label + "; the table below has them all",
  });
  for (const edge of shown.slice().sort((a, b) => b.weight - a.weight)) {
    const [y1, y2] = [y(lefts, lefts.get(edge.from).at), y(rights, rights.get(edge.to).at)];
    const [x1, x2] = [room + 8, width - room - 8];
    const bend = (x2 - x1) / 2;
    picture.append(svg("path", {
      class: "edge " + (edge.kind || ""),
      d: "M" + x1 + " " + y1 + "C" + (x1 + bend) + " " + y1 + " " + (x2 - bend) + " " + y2 + " " + x2 + " " + y2,
      "stroke-width": (1 + thick * Math.sqrt(edge.weight / heaviest)).toFixed(1),
    }, svg("title", {}, plain(edge.from || "<>") + " \u2192 " + plain(edge.to) + ": " + edge.said)));
  }
  const names = (nodes, x, anchor) => {
    for (const [name, node] of nodes) {
      const shownName = plain(name) || "<> (null sender)";
      picture.append(svg("text", { x, y: y(nodes, node.at) + 4, "text-anchor": anchor },
        cutTo(shownName, letters), svg("title", {}, shownName + ": " + count(node.sum))));
    }
  };
  names(lefts, room, "end");
  names(rights, width - room, "start");
  const more = edges.length - shown.length;
  return el("figure", {}, picture,
    el("figcaption", {}, more ? many(more, "pair") + " of " + count(edges.length) + " found no room in the picture" : null));
}

/* A message with what is missing of it. */
function holes(record) {
  const width = 600;
  const ends = record.missing.map((hole) => hole.offset + (hole.length || 0));
  const total = Math.max(record.size + record.missing.reduce((all, hole) => all + (hole.length || 0), 0), ...ends, 1);
  return svg("svg", { class: "holes", viewBox: "0 0 " + width + " 14", height: 14, preserveAspectRatio: "none", role: "img",
    "aria-label": many(record.missing.length, "missing range") },
    svg("rect", { class: "there", x: 0, y: 2, width, height: 10 }),
    record.missing.map((hole) => svg("rect", { class: "hole", x: width * hole.offset / total, y: 0, height: 14,
      width: hole.length ? Math.max(2, width * hole.length / total) : Math.max(3, width * (1 - hole.offset / total)) })));
}
