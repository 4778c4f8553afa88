// What the page shows: the calls in columns of numbers, and how to say them.
const Data = (() => {
  const raw = JSON.parse(document.getElementById("data").textContent);
  const c = raw.calls;
  const n = c.start.length;
  const start = Float64Array.from(c.start);
  const dur = Float64Array.from(c.dur);
  const end = start.map((at, i) => at + dur[i]);
  const waited = new Float64Array(n);
  for (const [i, nanos] of c.waited) waited[i] = nanos;
  const thread = Int32Array.from(c.thread);
  const socket = Int32Array.from(c.socket);
  const op = Int32Array.from(c.op);
  const outcome = Uint8Array.from(c.outcome);
  const sparse = (pairs) => new Map(pairs);

  // The links of each call, both ways: chains through arrays, for there may be very many.
  const links = raw.links;
  const count = links.from.length;
  const chain = (ends) => {
    const head = new Int32Array(n).fill(-1);
    const next = new Int32Array(count).fill(-1);
    for (let l = count - 1; l >= 0; l--) {
      next[l] = head[ends[l]];
      head[ends[l]] = l;
    }
    return (i) => {
      const found = [];
      for (let l = head[i]; l >= 0; l = next[l]) found.push(l);
      return found;
    };
  };

  const linkHead = new Int32Array(n).fill(-1);
  for (let l = count - 1; l >= 0; l--) linkHead[links.from[l]] = l;

  const two = (value) => String(value).padStart(2, "0");

  /** A duration in nanoseconds in the unit that suits it. */
  const span = (nanos) => {
    const s = nanos / 1e9;
    if (s < 0.9995e-6) return `${nanos.toFixed(0)} ns`;
    if (s < 999.5e-6) return `${(s * 1e6).toFixed(0)} µs`;
    if (s < 99.95e-3) return `${(s * 1e3).toFixed(2)} ms`;
    if (s < 0.9995) return `${(s * 1e3).toFixed(0)} ms`;
    return s < 100 ? `${s.toFixed(2)} s` : `${Math.floor(s / 60)} min ${two(Math.round(s % 60))} s`;
  };

  const size = (bytes) => {
    if (bytes < 10240) return `${bytes} B`;
    if (bytes < 2 ** 20) return `${(bytes / 2 ** 10).toFixed(1)} KiB`;
    if (bytes < 2 ** 30) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  };

  /** A moment since the beginning, in milliseconds. */
  const moment = (nanos) => {
    const ms = nanos / 1e6;
    return ms.toFixed(ms < 1000 ? 3 : ms < 100000 ? 1 : 0);
  };

  const wall = (nanos) => {
    if (raw.wall === null) return "";
    return new Date(raw.wall * 1000 + nanos / 1e6).toLocaleString();
  };

  const bytesOf = (i) => {
    const data = data64.get(i);
    if (data === undefined) return null;
    const text = atob(data);
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    return bytes;
  };
  const data64 = sparse(c.data);

  const GROUPS = [
    ["send", "sends"], ["recv", "receives"], ["link", "connects"], ["life", "opens, closes"],
    ["wait", "waits"], ["name", "looks up"], ["rest", "sets, asks"],
  ];

  return {
    raw, n, start, dur, end, waited, thread, socket, op, outcome, span, size, moment, wall, bytesOf, GROUPS,
    threads: raw.threads, sockets: raw.sockets, processes: raw.processes, findings: raw.findings,
    group: raw.ops.map((row) => row.group),
    opName: (i) => raw.ops[op[i]].name,
    text: (i) => raw.strings[c.text[i]],
    result: (i) => raw.strings[c.result[i]],
    errno: sparse(c.errno), ret: sparse(c.ret), bytes: sparse(c.bytes), range: sparse(c.range),
    args: (i) => raw.args[c.args[i]], attempts: sparse(c.attempts), left: sparse(c.left), made: sparse(c.made),
    hasData: (i) => data64.has(i),
    failed: (i) => outcome[i] >= 2,
    links, linksFrom: chain(links.from), linksTo: chain(links.to),
    /** The first call at the other end, or -1: without making a list. */
    partner: (i) => (linkHead[i] < 0 ? -1 : links.to[linkHead[i]]),
    /** The calls that belong to a call at the other end. */
    partners(i) {
      return [...this.linksFrom(i).map((l) => links.to[l]), ...this.linksTo(i).map((l) => links.from[l])];
    },
    threadName: (t) => raw.threads[t].label,
    socketName(s) {
      const socket = raw.sockets[s];
      return raw.processes.length > 1 ? `${raw.processes[socket.process].name} ${socket.name}` : socket.name;
    },
    /** A call in one line, with its socket in front. */
    line(i) {
      const name = this.opName(i);
      const before = socket[i] >= 0 && name !== "socket" ? `${raw.sockets[socket[i]].name}.` : "";
      return before + this.text(i);
    },
    linkName(l) {
      const bytes = links.to_byte[l] - links.from_byte[l];
      const tcp = raw.sockets[socket[links.from[l]]]?.tcp;
      switch (links.kind[l]) {
        case 0: return tcp ? "SYN" : "connect";
        case 1: case 2: return size(bytes);
        case 3: return tcp ? "FIN" : "end";
        default: return tcp ? "RST" : "cut off";
      }
    },
  };
})();
