// What stands beside the picture: explanations, one call, the connections.
const Panels = (() => {
  /** An element with what is in it; texts are only ever texts. */
  const el = (name, attributes = {}, ...inside) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "click") element.addEventListener("click", value);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== false && value !== null) element.setAttribute(key, value);
    }
    element.append(...inside.flat().filter((one) => one !== null && one !== undefined && one !== ""));
    return element;
  };
  const svg = (name, attributes = {}, ...inside) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...inside);
    return element;
  };

  const SHAPES = {
    error: "M8 0a8 8 0 1 1 0 16A8 8 0 0 1 8 0zM5 3.6 3.6 5l3 3-3 3L5 12.4l3-3 3 3 1.4-1.4-3-3 3-3L11 3.6l-3 3z",
    warning: "M8 0l8 15H0zM7 5v5h2V5zm0 6v2h2v-2z",
    note: "M8 0a8 8 0 1 1 0 16A8 8 0 0 1 8 0zM7 3v2h2V3zm0 3.5v6h2v-6z",
  };
  const shape = (level) => svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", { d: SHAPES[level], "fill-rule": "evenodd" }));

  const times = (count, one) => (count === 1 ? `1 ${one}` : `${count} ${one}s`);

  const found = (panel, show) => {
    panel.replaceChildren();
    if (Data.processes.some((process) => process.dropped)) {
      const dropped = Data.processes.reduce((sum, process) => sum + process.dropped, 0);
      panel.append(el("article", { class: "finding warning" },
        el("header", {}, shape("warning"), "gap"),
        el("p", {}, `${times(dropped, "call")} ${dropped === 1 ? "was" : "were"} not recorded, since the writer fell behind: what is not here may have happened all the same.`)));
    }
    if (!Data.findings.length) {
      panel.append(el("div", { class: "fine" },
        svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: "M4 12.5l5 5L20 6.5" })),
        el("p", {}, "Nothing went wrong, as far as can be seen from the calls.")));
    }
    Data.findings.forEach((finding, at) => {
      const button = el("button", { type: "button", click: () => show(at), "aria-label": `Show the calls: ${finding.what}` }, "Show");
      panel.append(el("article", { class: `finding ${finding.level}`, "data-at": at },
        el("header", {}, shape(finding.level), [...new Set([finding.level, finding.rule]), times(finding.calls.length, "call")].join(" · "), button),
        el("p", {}, finding.what),
        el("p", { class: "try" }, el("b", {}, "Try: "), finding.try)));
    });
  };

  const hex = (bytes) => {
    const lines = [];
    for (let at = 0; at < bytes.length; at += 16) {
      const part = [...bytes.slice(at, at + 16)];
      const digits = part.map((byte) => byte.toString(16).padStart(2, "0"));
      const left = digits.slice(0, 8).join(" ").padEnd(23);
      const right = digits.slice(8).join(" ").padEnd(23);
      const text = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
      lines.push(`${at.toString(16).padStart(4, "0")}  ${left}  ${right}  ${text}`);
    }
    return lines.join("\n");
  };
  const asText = (bytes) => new TextDecoder().decode(bytes)
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f]/g, (c) => (c === "\t" ? c : String.fromCodePoint(c === "\u007f" ? 0x2421 : 0x2400 + c.charCodeAt(0))));

  const row = (name, value, bad) => (value === "" || value === null || value === undefined
    ? null
    : el("tr", {}, el("th", { scope: "row" }, name), el("td", bad ? { class: "bad-text" } : {}, value)));

  const socketText = (s) => {
    const socket = Data.sockets[s];
    return [Data.socketName(s), socket.kind, socket.local, socket.peer ? `↔ ${socket.peer}` : socket.listens ? "listens" : ""].filter(Boolean).join("  ");
  };

  const call = (panel, i, go) => {
    panel.replaceChildren();
    if (i === null) {
      panel.append(el("p", { class: "fine" }, "Choose a call: click it, or press an arrow key in the picture."));
      return;
    }
    const range = Data.range.get(i);
    const args = Object.entries(Data.args(i)).map(([key, value]) => row(key, typeof value === "string" ? value : JSON.stringify(value)));
    panel.append(
      el("h2", { class: "mono" }, Data.line(i)),
      el("table", { class: "facts-table" }, el("tbody", {},
        row("result", Data.result(i) || "success", Data.failed(i)),
        row("errno", Data.errno.get(i), Data.failed(i)),
        row("returned", Data.ret.has(i) ? String(Data.ret.get(i)) : ""),
        row("call", `#${i + 1}`),
        row("at", `${Data.moment(Data.start[i])} ms`),
        row("took", Data.span(Data.dur[i])),
        row("waited", Data.waited[i] ? Data.span(Data.waited[i]) : ""),
        row("time left", Data.left.has(i) ? Data.span(Data.left.get(i)) : ""),
        row("moved", Data.bytes.has(i) ? `${Data.bytes.get(i)} bytes` : ""),
        row("of the stream", range ? `[${range[0]}, ${range[1]})` : ""),
        row("socket", Data.socket[i] >= 0 ? socketText(Data.socket[i]) : ""),
        row("made", Data.made.has(i) ? socketText(Data.made.get(i)) : ""),
        row("by", `${Data.threadName(Data.thread[i])}`),
        row("clock", Data.wall(Data.start[i])))));
    if (args.length) panel.append(el("h3", {}, "Arguments"), el("table", { class: "facts-table" }, el("tbody", {}, args)));
    const joined = [...Data.linksFrom(i).map((l) => [l, Data.links.to[l], "to"]), ...Data.linksTo(i).map((l) => [l, Data.links.from[l], "from"])];
    if (joined.length) {
      panel.append(el("h3", {}, "At the other end"));
      for (const [l, other, way] of joined.slice(0, 40)) {
        const later = Data.end[other] - (way === "to" ? Data.start[i] : Data.end[i]);
        panel.append(el("button", { type: "button", class: "jump", click: () => go(other) },
          el("code", {}, `${way === "to" ? "→" : "←"} ${Data.line(other)}`), " ",
          el("small", {}, `${Data.linkName(l)}, ${Data.span(Math.abs(later))} ${later >= 0 ? "later" : "before"}, ${Data.threadName(Data.thread[other])}`)));
      }
    }
    const attempts = Data.attempts.get(i);
    if (attempts) {
      panel.append(el("h3", {}, "System calls it took"), el("table", {},
        el("thead", {}, el("tr", {}, el("th", {}, "call"), el("th", {}, "result"), el("th", { class: "n" }, "took"))),
        el("tbody", {}, attempts.map(([op, dur, ret, errno]) => el("tr", {},
          el("td", { class: "mono" }, op), el("td", {}, errno || String(ret ?? "")), el("td", { class: "n" }, Data.span(dur)))))));
    }
    const bytes = Data.bytesOf(i);
    if (bytes) {
      const all = Data.bytes.get(i) ?? bytes.length;
      const note = bytes.length < all ? `, the first ${bytes.length} of ${all} bytes` : "";
      panel.append(
        el("h3", {}, `Data as text${note}`), el("pre", { class: "text" }, asText(bytes)),
        el("h3", {}, "Data as bytes"), el("pre", { class: "hex", tabindex: "0" }, hex(bytes)));
    }
  };

  const PAGE = 40;
  const ends = (panel, only, shown = PAGE) => {
    panel.replaceChildren();
    const seen = new Set();
    const rows = [];
    Data.sockets.forEach((socket, s) => {
      if (seen.has(s)) return;
      seen.add(s);
      const pair = socket.other !== null && !seen.has(socket.other) ? [s, socket.other] : [s];
      pair.forEach((one) => seen.add(one));
      rows.push(pair);
    });
    for (const pair of rows.slice(0, shown)) {
      const [a, b] = pair.map((s) => Data.sockets[s]);
      const life = Math.max(...pair.map((s) => (Data.sockets[s].closed ?? Data.raw.length))) - Math.min(...pair.map((s) => Data.sockets[s].opened));
      const rtts = pair.map((s) => Data.sockets[s].rtt).filter((rtt) => rtt !== null);
      const cell = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
      const stream = a.stream;
      const moved = stream
        ? [cell("out", Data.size(a.out)), cell("in", Data.size(a.in))]
        : [cell("out", `${a.sent} × ${Data.size(a.out)}`), cell("in", `${a.received} × ${Data.size(a.in)}`)];
      const again = pair.map((s) => Data.sockets[s].retrans || 0).reduce((x, y) => x + y, 0);
      panel.append(el("article", { class: "end" },
        el("div", { class: "pair" },
          el("div", {},
            el("div", { class: "who" }, pair.map((s) => Data.socketName(s)).join("  ↔  ")),
            el("div", { class: "where" }, [a.kind, a.listens ? `listens on ${a.local || "?"}` : [a.local, a.peer].filter(Boolean).join(" ↔ ")].filter(Boolean).join("  "))),
          el("button", { type: "button", click: () => only(pair[0]), "aria-label": `Only ${Data.socketName(pair[0])}` }, "Only")),
        el("dl", {}, moved, cell("open for", a.closed === null && (!b || b.closed === null) ? `${Data.span(life)} +` : Data.span(life)),
          cell("RTT", rtts.length ? Data.span(Math.min(...rtts)) : "–"),
          a.errors + (b?.errors || 0) ? cell("errors", String(a.errors + (b?.errors || 0))) : null,
          again ? cell("sent again", String(again)) : null,
          a.waited + (b?.waited || 0) ? cell("waited", Data.span(a.waited + (b?.waited || 0))) : null,
          cell("calls", String(a.calls + (b?.calls || 0))))));
    }
    if (rows.length > shown) {
      panel.append(el("button", { type: "button", class: "more", click: () => ends(panel, only, shown + 200) }, `${rows.length - shown} more`));
    }
  };

  return { el, svg, found, call, ends, times };
})();
