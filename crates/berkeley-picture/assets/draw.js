// Drawing: boxes for calls, arrows for what goes between them. Only what can be seen is drawn.
const Draw = (() => {
  const HEAD = 40;
  const GUTTER = 86;
  const MONO = '12px ui-monospace, "SF Mono", "DejaVu Sans Mono", "Liberation Mono", monospace';
  const MONO_BOLD = `600 ${MONO}`;
  const SANS = '12px system-ui, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif';
  const SMALL = `11px ${SANS.slice(5)}`;
  // More than this is drawn as colours alone.
  const MANY = 600;

  let colours = {};
  let letter = 7.2;
  let bySocket = false;
  const readColours = (context, element = document.documentElement) => {
    const style = getComputedStyle(element);
    const names = ["ground", "raised", "sunk", "line", "ink", "soft", "accent", "focus", "mark", "life", "link", "send",
      "recv", "wait", "name", "rest", "error", "error-ground", "hatch"];
    colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    context.font = MONO;
    letter = context.measureText("m".repeat(40)).width / 40;
    hatches.clear();
  };

  const hatches = new Map();
  /** Slanted lines: somebody waits. */
  const hatch = (context, colour) => {
    let pattern = hatches.get(colour);
    if (!pattern) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = 8;
      const t = tile.getContext("2d");
      t.strokeStyle = colour;
      t.lineWidth = 1.4;
      t.globalAlpha = 0.55;
      t.beginPath();
      for (const x of [-8, 0, 8]) { t.moveTo(x - 1, 9); t.lineTo(x + 9, -1); }
      t.stroke();
      pattern = context.createPattern(tile, "repeat");
      hatches.set(colour, pattern);
    }
    return pattern;
  };

  const cut = (text, room) => {
    const most = Math.floor(room / letter);
    if (text.length <= most) return text;
    return most > 3 ? `${text.slice(0, most - 1)}…` : "";
  };

  const colourOf = (i) => (Data.failed(i) ? colours.error : colours[Data.group[Data.op[i]]]);

  /** Where the lanes are: their middle and the width of their boxes. */
  const columns = (view, layout) => {
    const space = Math.max(80, view.width - GUTTER);
    const count = Math.max(1, layout.lanes.length);
    const least = count > 12 ? 30 : 150;
    const wide = Math.min(520, Math.max(least, space / count)) * view.wide;
    const all = wide * count;
    const indent = Math.max(0, (space - all) / 2);
    // An arrow needs so much for itself and its label.
    const box = wide < 90 ? wide * 0.74 : Math.min(340, Math.max(wide * 0.7, wide - 64));
    return { wide, box, all: all + GUTTER, x: (lane) => GUTTER + indent + (lane + 0.5) * wide - view.left };
  };

  const picture = (context, view, layout, chosen) => {
    const { width, height, ratio } = view;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = colours.ground;
    context.fillRect(0, 0, width, height);
    const cols = columns(view, layout);
    bySocket = layout.by === "socket";
    const Y = (y) => HEAD + (y - view.top) * view.zoom;
    const top = view.top - 30 / view.zoom;
    const bottom = view.top + (height - HEAD) / view.zoom;

    lifelines(context, view, layout, cols);
    if (layout.linear) ticks(context, view, layout, Y, top, bottom, false);
    const seen = layout.from(bottom) - layout.from(top);
    if (seen > MANY) far(context, view, layout, cols, Y, top, bottom, chosen);
    else near(context, view, layout, cols, Y, top, bottom, chosen);
    if (view.left > 0) {
      context.fillStyle = colours.ground;
      context.fillRect(0, 0, GUTTER - 6, height);
    }
    times(context, view, layout, Y, top, bottom);
    heads(context, view, layout, cols);
  };

  const lifelines = (context, view, layout, cols) => {
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    context.beginPath();
    for (const lane of layout.lanes) {
      const x = Math.round(cols.x(lane.at)) + 0.5;
      if (x < -50 || x > view.width + 50) continue;
      context.moveTo(x, HEAD);
      context.lineTo(x, view.height);
    }
    context.stroke();
  };

  const times = (context, view, layout, Y, top, bottom) => {
    context.font = SMALL;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillStyle = colours.soft;
    if (layout.linear) {
      ticks(context, view, layout, Y, top, bottom, true);
      return;
    }
    let last = -Infinity;
    const end = layout.from(bottom);
    const far = end - layout.from(top) > MANY;
    const stride = far ? Math.max(1, Math.floor((end - layout.from(top)) / 60)) : 1;
    for (let k = layout.from(top); k < end; k += stride) {
      const y = Y(layout.y0[k]) + Layout.BOX / 2 * Math.min(1, view.zoom);
      if (y < HEAD + 6 || y - last < 15) continue;
      last = y;
      context.fillText(Data.moment(Data.start[layout.calls[k]]), GUTTER - 12, y);
    }
    if (view.zoom < 0.6) return;
    context.fillStyle = colours.soft;
    context.strokeStyle = colours.line;
    context.setLineDash([2, 4]);
    context.beginPath();
    for (const [y, idle, more] of layout.gaps) {
      if (y + more < top || y > bottom || more < 10) continue;
      const at = Math.round(Y(y + more / 2 + 2)) + 0.5;
      if (at < HEAD + 8) continue;
      context.moveTo(GUTTER - 6, at);
      context.lineTo(view.width, at);
      context.fillText(`+${Data.span(idle)}`, GUTTER - 12, at);
    }
    context.stroke();
    context.setLineDash([]);
  };

  /** In true time: lines across, or what stands beside them. */
  const ticks = (context, view, layout, Y, top, bottom, words) => {
    const nanos = 70 / view.zoom / layout.scale;
    const power = 10 ** Math.floor(Math.log10(Math.max(nanos, 1)));
    const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= nanos) || power * 10;
    const first = Math.max(0, Math.floor(top / layout.scale / step) * step);
    context.strokeStyle = colours.sunk;
    context.lineWidth = 1;
    context.beginPath();
    for (let t = first; t * layout.scale < bottom; t += step) {
      const y = Math.round(Y(t * layout.scale)) + 0.5;
      if (y < HEAD) continue;
      if (words) context.fillText(Data.moment(layout.begin + t), GUTTER - 12, y);
      context.moveTo(GUTTER - 6, y);
      context.lineTo(view.width, y);
    }
    if (!words) context.stroke();
  };

  const heads = (context, view, layout, cols) => {
    context.fillStyle = colours.raised;
    context.fillRect(0, 0, view.width, HEAD);
    context.strokeStyle = colours.line;
    context.beginPath();
    context.moveTo(0, HEAD - 0.5);
    context.lineTo(view.width, HEAD - 0.5);
    context.stroke();
    context.textBaseline = "middle";
    context.textAlign = "center";
    // Titles of narrow lanes would stand in each other.
    const stride = Math.max(1, Math.ceil(62 / cols.wide));
    for (const lane of layout.lanes) {
      const x = cols.x(lane.at);
      if (x < GUTTER - cols.wide / 2 || x > view.width + cols.wide || lane.at % stride) continue;
      const room = cols.wide * stride - 10;
      context.font = `600 ${SANS}`;
      context.fillStyle = colours.ink;
      const name = fit(context, lane.name, room);
      const two = lane.sub && view.zoom;
      context.fillText(name, x, two ? HEAD / 2 - 7 : HEAD / 2);
      if (two) {
        context.font = SMALL;
        context.fillStyle = colours.soft;
        context.fillText(fit(context, lane.sub, room), x, HEAD / 2 + 8);
      }
    }
    context.fillStyle = colours.raised;
    context.fillRect(0, 0, GUTTER - 8, HEAD - 1);
    context.textAlign = "right";
    context.font = SMALL;
    context.fillStyle = colours.soft;
    context.fillText("ms", GUTTER - 12, HEAD / 2);
  };

  const fit = (context, text, room) => {
    if (context.measureText(text).width <= room) return text;
    let length = text.length;
    while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
    return `${text.slice(0, length)}…`;
  };

  /** From far away: a line of colour each, and no two in one place. */
  const far = (context, view, layout, cols, Y, top, bottom, chosen) => {
    const level = Math.max(5, Math.floor(Math.log2(1 / view.zoom)));
    const { size, bins, kinds, links } = Layout.grid(layout, level);
    const first = Math.max(0, Math.floor(top / size));
    const last = Math.min(bins - 1, Math.ceil(bottom / size));
    const box = Math.max(2, cols.box);
    const high = size * view.zoom;
    const count = layout.lanes.length;
    context.fillStyle = colours.send;
    context.globalAlpha = 0.28;
    for (const [key, list] of links) {
      const [a, b] = [cols.x(Math.floor(key / count)), cols.x(key % count)];
      const [x, w] = [Math.min(a, b) + box / 2, Math.abs(a - b) - box];
      for (let bin = first; bin <= last; bin++) if (list[bin]) context.fillRect(x, Y(bin * size), w, Math.max(0.7, high * 0.5));
    }
    const runs = Layout.KINDS.map(() => []);
    for (let lane = 0; lane < count; lane++) {
      const x = cols.x(lane) - box / 2;
      if (x > view.width || x + box < 0) continue;
      const row = lane * bins;
      let from = first;
      for (let bin = first; bin <= last; bin++) {
        const kind = kinds[row + bin];
        if (bin < last && kinds[row + bin + 1] === kind) continue;
        if (kind) runs[kind].push(x, from, bin + 1 - from);
        from = bin + 1;
      }
    }
    runs.forEach((list, kind) => {
      const failed = kind === 8;
      context.fillStyle = colours[Layout.KINDS[kind]] || colours.rest;
      context.globalAlpha = failed ? 1 : 0.8;
      for (let at = 0; at < list.length; at += 3) {
        const h = Math.max(list[at + 2] * high, failed ? 2.5 : 0.8);
        context.fillRect(list[at] - (failed ? 3 : 0), Y(list[at + 1] * size), box + (failed ? 6 : 0), h);
      }
    });
    context.globalAlpha = 1;
    for (const i of chosen.marked) {
      const k = layout.place[i];
      if (k < 0) continue;
      context.fillStyle = colours.mark;
      context.fillRect(cols.x(layout.lane[k]) - box / 2 - 8, Y(layout.y0[k]) - 1, 6, 4);
    }
    const k = chosen.call === null ? -1 : layout.place[chosen.call];
    if (k >= 0) ring(context, cols.x(layout.lane[k]) - box / 2 - 3, Y(layout.y0[k]) - 3, box + 6, 7);
  };

  const ring = (context, x, y, w, h) => {
    context.strokeStyle = colours.focus;
    context.lineWidth = 2.5;
    context.beginPath();
    context.roundRect(x, y, w, h, 7);
    context.stroke();
  };

  /** Where the box of a call stands. */
  const boxOf = (view, layout, cols, k) => {
    const wide = layout.width[k];
    const w = cols.box / wide;
    const y = HEAD + (layout.y0[k] - view.top) * view.zoom;
    const h = Math.max(2, (layout.y1[k] - layout.y0[k]) * view.zoom);
    const x = cols.x(layout.lane[k]) - cols.box / 2 + layout.column[k] * w;
    return { x, y, w: wide > 1 ? w - 2 : w, h };
  };

  const near = (context, view, layout, cols, Y, top, bottom, chosen) => {
    const some = chosen.marked.size > 0;
    const visible = [];
    layout.between(top, bottom, (k) => visible.push(k));
    // Arrows whose both ends are out of sight may still cross it; few do, and only to where few are.
    const arrows = new Set();
    for (const k of visible) {
      const i = layout.calls[k];
      for (const l of Data.linksFrom(i)) arrows.add(l);
      for (const l of Data.linksTo(i)) arrows.add(l);
    }
    for (const l of arrows) arrow(context, view, layout, cols, l, chosen, some);
    const text = layout.linear ? true : view.zoom >= 0.55;
    let floors = null;
    if (layout.linear) floors = new Map();
    for (const k of visible) {
      const i = layout.calls[k];
      const b = boxOf(view, layout, cols, k);
      if (b.x > view.width - 4 || b.x + b.w < GUTTER) {
        aside(context, view, b, i);
        continue;
      }
      let label = text && b.w > 40;
      // In true time boxes may be too low for words, and words may have room beside.
      if (floors) {
        const floor = floors.get(layout.lane[k]) ?? -Infinity;
        label = label && b.y + Math.max(b.h, 14) > floor + 14 - 0.1 && b.y >= floor;
        if (label) floors.set(layout.lane[k], b.y + Math.max(14, Math.min(b.h, 16)));
      }
      box(context, view, k, i, b, label, some && !chosen.marked.has(i));
      if (some && chosen.marked.has(i)) halo(context, b);
      if (chosen.call === i) ring(context, b.x - 4, b.y - 4, b.w + 8, Math.max(b.h, 3) + 8);
      else if (chosen.over === i) {
        context.strokeStyle = colours.ink;
        context.lineWidth = 1.5;
        context.beginPath();
        context.roundRect(b.x - 1, b.y - 1, b.w + 2, b.h + 2, 6);
        context.stroke();
      }
    }
  };

  /** A call in a lane that is out of sight: which way to go. */
  const aside = (context, view, b, i) => {
    const right = b.x > view.width / 2;
    const x = right ? view.width - 5 : GUTTER + 1;
    const y = b.y + Math.min(Layout.BOX, b.h) / 2;
    const back = right ? -7 : 7;
    context.fillStyle = colourOf(i);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + back, y - 5);
    context.lineTo(x + back, y + 5);
    context.fill();
  };

  const halo = (context, b) => {
    context.strokeStyle = colours.mark;
    context.lineWidth = 3;
    context.beginPath();
    context.roundRect(b.x - 2.5, b.y - 2.5, b.w + 5, b.h + 5, 7);
    context.stroke();
  };

  const box = (context, view, k, i, b, label, faint) => {
    const colour = colourOf(i);
    const failed = Data.failed(i);
    const waits = Data.waited[i] >= 2e5 && b.h > 26;
    context.globalAlpha = faint ? 0.35 : 1;
    const round = Math.min(5, b.h / 2);
    context.beginPath();
    context.roundRect(b.x, b.y, b.w, b.h, round);
    if (b.h < 8) {
      context.fillStyle = colour;
      context.fill();
    } else {
      context.fillStyle = failed ? colours["error-ground"] : colours.ground;
      context.fill();
      if (waits) {
        context.fillStyle = hatch(context, failed ? colours.error : colours.hatch);
        context.fill();
      } else {
        context.fillStyle = colour;
        context.globalAlpha *= 0.12;
        context.fill();
        context.globalAlpha = faint ? 0.35 : 1;
      }
      context.strokeStyle = colour;
      context.lineWidth = failed ? 1.8 : 1;
      if (Data.outcome[i] === 1) context.setLineDash([3, 3]);
      context.stroke();
      context.setLineDash([]);
      context.fillStyle = colour;
      context.fillRect(b.x, b.y + round, 3.5, b.h - 2 * round);
    }
    if (label) words(context, i, b, failed, waits);
    if (failed && b.w > 14) cross(context, b.x + b.w, b.y + Math.min(b.h, Layout.BOX) / 2 - (b.h < 8 ? 0 : 0));
    context.globalAlpha = 1;
  };

  /** A lane that has the name of its socket says it once. */
  const unnamed = (line) => (bySocket ? line.replace(/^s\d+\./, "") : line);

  const words = (context, i, b, failed, waits) => {
    const low = b.h < 12;
    const y = low ? b.y + b.h / 2 : b.y + Math.min(b.h, Layout.BOX) / 2;
    const room = b.w - (failed ? 24 : 14);
    const line = unnamed(Data.line(i));
    const result = Data.result(i);
    const tall = b.h >= 40;
    context.textBaseline = "middle";
    context.textAlign = "left";
    let said = line;
    let answer = result && !tall ? ` → ${result}` : "";
    const most = Math.floor(room / letter);
    if (said.length + answer.length > most && answer) {
      // The answer says more than the arguments.
      const keep = Math.min(answer.length, Math.max(10, Math.floor(most * 0.55)));
      const left = Math.min(most, Math.max(line.indexOf("(") + 1 || 6, most - keep));
      said = said.length > left ? `${said.slice(0, Math.max(1, left - 1))}…` : said;
      answer = cut(answer, room - said.length * letter);
    } else {
      said = cut(said, room);
    }
    if (waits || low) backdrop(context, b.x + 7, y, (said.length + answer.length) * letter, failed && !low);
    context.font = MONO;
    context.fillStyle = colours.ink;
    context.fillText(said, b.x + 9, y);
    if (answer) {
      context.font = MONO_BOLD;
      context.fillStyle = failed ? colours.error : colours.ink;
      context.fillText(answer, b.x + 9 + said.length * letter, y);
    }
    if (!tall) return;
    const below = b.y + b.h - Layout.BOX / 2;
    const wait = Data.waited[i] >= 2e5 ? ` waited ${Data.span(Data.waited[i])}` : "";
    const answered = cut(result ? `→ ${result}` : wait.trim(), room);
    const after = result && room > (answered.length + 8) * letter ? cut(wait, room - answered.length * letter) : "";
    if (waits) backdrop(context, b.x + 7, below, (answered.length + after.length) * letter, failed);
    context.font = result ? MONO_BOLD : MONO;
    context.fillStyle = failed ? colours.error : result ? colours.ink : colours.soft;
    context.fillText(answered, b.x + 9, below);
    if (after) {
      context.font = MONO;
      context.fillStyle = colours.soft;
      context.fillText(after, b.x + 9 + answered.length * letter, below);
    }
    if (wait && result && !after && b.h > 62) {
      const middle = cut(wait.trim(), room);
      backdrop(context, b.x + 7, b.y + b.h / 2, middle.length * letter, failed);
      context.font = MONO;
      context.fillStyle = colours.soft;
      context.fillText(middle, b.x + 9, b.y + b.h / 2);
    }
  };

  const backdrop = (context, x, y, w, failed) => {
    context.fillStyle = failed ? colours["error-ground"] : colours.ground;
    context.fillRect(x - 1, y - 9, w + 6, 18);
  };

  /** What fails has a shape, not only a colour. */
  const cross = (context, x, y) => {
    context.fillStyle = colours.error;
    context.beginPath();
    context.arc(x, y, 7.5, 0, 7);
    context.fill();
    context.strokeStyle = colours.ground;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x - 3, y - 3);
    context.lineTo(x + 3, y + 3);
    context.moveTo(x + 3, y - 3);
    context.lineTo(x - 3, y + 3);
    context.stroke();
  };

  const arrow = (context, view, layout, cols, l, chosen, some) => {
    const [from, to] = [layout.place[Data.links.from[l]], layout.place[Data.links.to[l]]];
    if (from < 0 || to < 0 || layout.lane[from] === layout.lane[to]) return;
    const a = boxOf(view, layout, cols, from);
    const b = boxOf(view, layout, cols, to);
    const right = b.x > a.x;
    const x1 = right ? a.x + a.w : a.x;
    const x2 = right ? b.x : b.x + b.w;
    const half = Math.min(Layout.BOX, a.h) / 2;
    const y1 = a.y + half;
    let y2 = b.y + Math.min(Layout.BOX, b.h) / 2;
    if (y2 < y1) y2 = Math.max(y1, b.y + b.h - Math.min(Layout.BOX, b.h) / 2);
    if (y2 < y1) y2 = y1;
    if (Math.max(y1, y2) < HEAD || Math.min(y1, y2) > view.height) return;
    const kind = Data.links.kind[l];
    const call = chosen.call;
    const mine = call !== null && (Data.links.from[l] === call || Data.links.to[l] === call);
    const marked = some && chosen.marked.has(Data.links.from[l]) && chosen.marked.has(Data.links.to[l]);
    const colour = kind === 4 ? colours.error : mine ? colours.focus : marked ? colours.mark
      : kind === 0 ? colours.link : kind === 3 ? colours.life : colours.send;
    context.globalAlpha = some && !marked && !mine ? 0.25 : 1;
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = mine || marked ? 2.4 : 1.3;
    if (kind === 0 || kind >= 3) context.setLineDash([6, 4]);
    context.beginPath();
    context.moveTo(x1, y1);
    const back = right ? -7 : 7;
    context.lineTo(x2 + back * 0.7, y2);
    context.stroke();
    context.setLineDash([]);
    const angle = Math.atan2(y2 - y1, x2 - x1);
    context.beginPath();
    context.moveTo(x2, y2);
    for (const turn of [2.72, -2.72]) context.lineTo(x2 + 9 * Math.cos(angle + turn), y2 + 9 * Math.sin(angle + turn));
    context.fill();
    const room = Math.abs(x2 - x1);
    if (view.zoom >= 0.55 && room > 46) {
      const name = Data.linkName(l);
      context.font = SMALL;
      const w = context.measureText(name).width;
      if (w + 14 < room) {
        // Near the sender, where arrows do not yet cross.
        const share = room > 170 ? 0.34 : 0.5;
        const [x, y] = [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share];
        context.fillStyle = colours.ground;
        context.fillRect(x - w / 2 - 4, y - 8, w + 8, 16);
        context.fillStyle = kind === 4 ? colours.error : mine ? colours.focus : colours.soft;
        context.textAlign = "center";
        context.textBaseline = "middle";
        context.fillText(name, x, y);
      }
    }
    context.globalAlpha = 1;
  };

  /** What is short is not drawn out. */
  const mapScale = (height, layout) => Math.min(layout.linear ? Infinity : 0.5, height / Math.max(1, layout.height));

  /** The small picture of all at the side. */
  const map = (context, size, layout) => {
    const { width, height, ratio } = size;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = colours.raised;
    context.fillRect(0, 0, width, height);
    const scale = mapScale(height, layout);
    const wide = (width - 8) / Math.max(1, layout.lanes.length);
    const w = Math.max(1.5, wide * 0.7);
    const drawn = new Map();
    for (let k = 0; k < layout.n; k++) {
      const i = layout.calls[k];
      const failed = Data.outcome[i] >= 2;
      const x = 4 + (layout.lane[k] + 0.5) * wide - w / 2;
      const y = layout.y0[k] * scale;
      const slot = failed ? -1 : layout.lane[k];
      if (drawn.get(slot) === (y | 0)) continue;
      drawn.set(slot, y | 0);
      context.fillStyle = colourOf(i);
      if (failed) context.fillRect(0, y - 1, width, 2.5);
      else context.fillRect(x, y, w, Math.max(1, (layout.y1[k] - layout.y0[k]) * scale));
    }
  };

  return {
    HEAD, GUTTER, readColours, picture, map, mapScale, columns,
    box: boxOf,
    get colours() { return colours; },
  };
})();
