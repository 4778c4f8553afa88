// Where calls stand: which lane, and from where to where. In units that are pixels at zoom 1.
const Layout = (() => {
  const ROW = 27;
  const BOX = 21;
  const STEP = 9;

  /** The lanes, whoever listens first: pictures of servers and clients are read that way. */
  const lanes = (by, calls) => {
    const key = {
      thread: (i) => Data.thread[i],
      process: (i) => Data.threads[Data.thread[i]].process,
      socket: (i) => Data.socket[i],
    }[by];
    const title = {
      thread: (k) => ({ name: Data.threadName(k), sub: "" }),
      process: (k) => ({ name: Data.processes[k].name, sub: `pid ${Data.processes[k].pid}` }),
      socket: (k) => k < 0
        ? { name: "no socket", sub: "" }
        : { name: Data.sockets[k].name, sub: socketSub(Data.sockets[k]) },
    }[by];
    const found = new Map();
    for (const i of calls) {
      const k = key(i);
      let lane = found.get(k);
      if (!lane) found.set(k, lane = { key: k, first: i, serves: false, ...title(k) });
      if (!lane.serves && by !== "socket") {
        const op = Data.opName(i);
        lane.serves = op === "listen" || op.startsWith("accept");
      }
    }
    const list = [...found.values()];
    if (by === "socket") pairUp(list);
    else list.sort((a, b) => b.serves - a.serves || a.first - b.first);
    list.forEach((lane, at) => { lane.at = at; });
    return { list, of: (i) => found.get(key(i)).at };
  };

  const socketSub = (socket) => {
    const what = socket.listens ? `${socket.kind} listens` : socket.kind;
    return Data.processes.length > 1 ? `${what}, ${Data.processes[socket.process].name}` : what;
  };

  /** Both ends of a conversation side by side. */
  const pairUp = (list) => {
    const at = new Map(list.map((lane, index) => [lane.key, index]));
    const rank = (lane) => {
      const other = lane.key >= 0 ? Data.sockets[lane.key].other : null;
      const theirs = other === null ? undefined : at.get(other);
      return theirs === undefined ? lane.first : Math.min(lane.first, list[theirs].first) + 0.5;
    };
    const ranks = new Map(list.map((lane) => [lane, rank(lane)]));
    list.sort((a, b) => ranks.get(a) - ranks.get(b) || a.first - b.first);
  };

  /** Time is told apart by what happens: a row each, and long pauses a little longer. */
  const steps = (calls, y0, y1, lane, count) => {
    const n = calls.length;
    const long = [];
    for (let k = 0; k < n; k++) {
      if (k + 1 < n && Data.end[calls[k]] > Data.start[calls[k + 1]]) long.push(k);
    }
    long.sort((a, b) => Data.end[calls[a]] - Data.end[calls[b]]);
    const free = new Float64Array(count).fill(-Infinity);
    const gaps = [];
    let y = 0;
    let last = n ? Data.start[calls[0]] : 0;
    let began = false;
    const pause = (now) => {
      const idle = now - last;
      last = Math.max(last, now);
      if (idle < 2e5) return 0;
      const more = Math.min(30, 5 * Math.log10(idle / 1e5));
      if (idle >= 1e6) gaps.push([y + (began ? BOX : 0), idle, more]);
      return more;
    };
    let e = 0;
    for (let k = 0; k <= n; k++) {
      const now = k < n ? Data.start[calls[k]] : Infinity;
      while (e < long.length && Data.end[calls[long[e]]] <= now) {
        const other = long[e++];
        y += (began ? BOX : 0) + pause(Data.end[calls[other]]) + (began ? 0 : STEP);
        y1[other] = Math.max(y0[other] + BOX, y);
        free[lane[other]] = Math.max(free[lane[other]], y1[other]);
        began = false;
      }
      if (k === n) break;
      y += pause(now) + (k === 0 ? 0 : began ? ROW : STEP);
      y = Math.max(y, free[lane[k]] > y + 60 ? y : free[lane[k]] + 5);
      y0[k] = y;
      y1[k] = y + BOX;
      if (!(k + 1 < n && Data.end[calls[k]] > Data.start[calls[k + 1]])) free[lane[k]] = y1[k];
      began = true;
    }
    return { height: y + BOX, gaps };
  };

  const time = (calls, y0, y1) => {
    const n = calls.length;
    if (!n) return { height: 0, gaps: [], scale: 1 };
    const begin = Data.start[calls[0]];
    let end = begin;
    for (const i of calls) end = Math.max(end, Data.end[i]);
    const height = Math.max(600, n * ROW);
    const scale = height / Math.max(1, end - begin);
    for (let k = 0; k < n; k++) {
      y0[k] = (Data.start[calls[k]] - begin) * scale;
      y1[k] = (Data.end[calls[k]] - begin) * scale;
    }
    return { height, gaps: [], scale, begin };
  };

  /** Boxes of one lane that overlap stand side by side. */
  const columns = (calls, y0, y1, lane, count) => {
    const column = new Uint8Array(calls.length);
    const width = new Uint8Array(calls.length).fill(1);
    const open = Array.from({ length: count }, () => []);
    for (let k = 0; k < calls.length; k++) {
      const mine = open[lane[k]];
      for (let at = mine.length - 1; at >= 0; at--) if (y1[mine[at]] <= y0[k] + 0.01) mine.splice(at, 1);
      if (mine.length && mine.length < 6) {
        const taken = new Set(mine.map((other) => column[other]));
        let c = 0;
        while (taken.has(c)) c++;
        column[k] = c;
        const wide = Math.max(c + 1, ...mine.map((other) => width[other]));
        width[k] = wide;
        for (const other of mine) width[other] = wide;
      }
      if (mine.length < 12) mine.push(k);
    }
    return { column, width };
  };

  // What matters most in a place where there is much: the last.
  const KINDS = ["none", "rest", "name", "wait", "life", "link", "recv", "send", "error"];
  const KIND = Data.group.map((group) => KINDS.indexOf(group));
  const kindOf = (i) => (Data.failed(i) ? 8 : KIND[Data.op[i]]);
  // More lanes than these have no lines between them from far away.
  const FEW = 12;

  /** What is in each lane, in bins of 2 to the power of `level` units: for looking from far away. */
  const grid = (layout, level) => {
    let made = layout.grids.get(level);
    if (made) return made;
    const size = 2 ** level;
    const bins = Math.ceil(layout.height / size) + 1;
    const count = layout.lanes.length;
    const kinds = new Uint8Array(bins * count);
    const links = new Map();
    for (let k = 0; k < layout.n; k++) {
      const i = layout.calls[k];
      const kind = kindOf(i);
      const row = layout.lane[k] * bins;
      const first = Math.floor(layout.y0[k] / size);
      const last = Math.min(bins - 1, Math.floor((layout.y1[k] - 0.01) / size));
      for (let bin = first; bin <= last; bin++) if (kinds[row + bin] < kind) kinds[row + bin] = kind;
      if (count > FEW || KIND[Data.op[i]] !== 7) continue;
      const to = Data.partner(i);
      const other = to < 0 ? -1 : layout.place[to];
      if (other < 0 || layout.lane[other] === layout.lane[k]) continue;
      const key = layout.lane[k] * count + layout.lane[other];
      let list = links.get(key);
      if (!list) links.set(key, list = new Uint8Array(bins));
      list[first] = 1;
    }
    made = { size, bins, kinds, links };
    layout.grids.set(level, made);
    return made;
  };

  const build = (calls, by, scale) => {
    const n = calls.length;
    const set = lanes(by, calls);
    const lane = new Int32Array(n);
    const place = new Int32Array(Data.n).fill(-1);
    for (let k = 0; k < n; k++) {
      lane[k] = set.of(calls[k]);
      place[calls[k]] = k;
    }
    const y0 = new Float64Array(n);
    const y1 = new Float64Array(n);
    const made = scale === "time"
      ? time(calls, y0, y1)
      : steps(calls, y0, y1, lane, set.list.length);
    // The lowest end within each block, so that long boxes above the window are found.
    const BLOCK = 128;
    const low = new Float64Array(Math.ceil(n / BLOCK));
    for (let k = 0; k < n; k++) {
      const b = Math.floor(k / BLOCK);
      low[b] = Math.max(low[b], y1[k]);
    }
    return {
      calls, n, by, lanes: set.list, lane, place, y0, y1, linear: scale === "time", ...made,
      ...columns(calls, y0, y1, lane, set.list.length),
      grids: new Map(),
      /** The first place whose box begins at y or below. */
      from(y) {
        let [a, b] = [0, n];
        while (a < b) {
          const middle = (a + b) >> 1;
          if (y0[middle] < y) a = middle + 1; else b = middle;
        }
        return a;
      },
      /** Calls `visit` with each place whose box is between two heights. */
      between(top, bottom, visit) {
        const first = this.from(top);
        const last = this.from(bottom);
        for (let b = 0; b * BLOCK < first; b++) {
          if (low[b] < top) continue;
          for (let k = b * BLOCK; k < Math.min(first, (b + 1) * BLOCK); k++) if (y1[k] >= top) visit(k);
        }
        for (let k = first; k < last; k++) visit(k);
      },
    };
  };

  return { build, grid, kindOf, KINDS, FEW, BOX, ROW };
})();
