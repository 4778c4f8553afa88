// Plots: how much went over time, and how long calls took.
const Plots = (() => {
  const { el, svg } = Panels;
  const W = 366;
  const H = 190;
  const LEFT = 64;
  const BOTTOM = 24;
  const TOP = 12;
  const RIGHT = 10;

  const nice = (most) => {
    const power = 10 ** Math.floor(Math.log10(most || 1));
    return [1, 2, 5, 10].map((f) => f * power).find((value) => value >= most) || 1;
  };

  const frame = (label) => {
    const chart = svg("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": label });
    chart.append(svg("path", { class: "axis", fill: "none", d: `M${LEFT} ${TOP}V${H - BOTTOM}H${W - RIGHT}` }));
    return chart;
  };
  const text = (chart, x, y, anchor, said) => chart.append(svg("text", { x, y, "text-anchor": anchor }, said));

  const through = (calls) => {
    const bins = 90;
    const length = Math.max(1, Data.raw.length);
    const out = new Float64Array(bins);
    const into = new Float64Array(bins);
    for (const i of calls) {
      const bytes = Data.bytes.get(i);
      if (!bytes) continue;
      const bin = Math.min(bins - 1, Math.floor((Data.end[i] / length) * bins));
      const group = Data.group[Data.op[i]];
      if (group === "send") out[bin] += bytes;
      else if (group === "recv") into[bin] += bytes;
    }
    const seconds = length / bins / 1e9;
    const most = nice(Math.max(...out, ...into) / seconds);
    const label = `Throughput: at most ${Data.size(Math.round(Math.max(...out) / seconds))} a second sent, ${Data.size(Math.round(Math.max(...into) / seconds))} received`;
    const chart = frame(label);
    const x = (bin) => LEFT + ((bin + 0.5) / bins) * (W - LEFT - RIGHT);
    const y = (bytes) => H - BOTTOM - (bytes / seconds / most) * (H - BOTTOM - TOP);
    const line = (values) => Array.from(values, (bytes, bin) => `${bin ? "L" : "M"}${x(bin).toFixed(1)} ${y(bytes).toFixed(1)}`).join("");
    chart.append(
      svg("path", { class: "area", d: `${line(out)}L${x(bins - 1)} ${H - BOTTOM}L${x(0)} ${H - BOTTOM}Z` }),
      svg("path", { class: "a", d: line(out) }), svg("path", { class: "b", d: line(into) }));
    text(chart, LEFT - 5, TOP + 8, "end", `${Data.size(most)}/s`);
    text(chart, LEFT - 5, H - BOTTOM, "end", "0");
    text(chart, LEFT, H - 7, "start", "0");
    text(chart, W - RIGHT, H - 7, "end", Data.span(length));
    return [el("h3", {}, "Throughput"), chart,
      el("ul", { class: "legend" }, el("li", {}, el("i", { class: "key-send" }), "sent"), el("li", {}, el("i", { class: "key-recv" }), "received (dashed)"))];
  };

  const KINDS = ["send", "recv", "link"];
  /** Each call a dot: when, and how long it took. Of very many, those that stand in one place are one. */
  const latency = (calls) => {
    const length = Math.max(1, Data.raw.length);
    let [least, most] = [Infinity, 1];
    for (const i of calls) {
      least = Math.min(least, Math.max(100, Data.dur[i]));
      most = Math.max(most, Data.dur[i]);
    }
    const low = 10 ** Math.floor(Math.log10(Math.min(least, most)));
    const high = 10 ** Math.ceil(Math.log10(Math.max(most, low * 10)));
    const decades = Math.log10(high / low);
    const chart = frame(`How long calls took: from ${Data.span(least)} to ${Data.span(most)}`);
    const x = (t) => LEFT + (t / length) * (W - LEFT - RIGHT);
    const y = (d) => H - BOTTOM - (Math.log10(Math.max(low, d) / low) / decades) * (H - BOTTOM - TOP);
    const stride = Math.ceil(decades / 5);
    for (let d = 0; d <= decades + 0.01; d += stride) {
      const nanos = low * 10 ** d;
      chart.append(svg("path", { class: "axis", fill: "none", d: `M${LEFT} ${y(nanos).toFixed(1)}H${W - RIGHT}` }));
      text(chart, LEFT - 5, y(nanos) + 4, "end", Data.span(nanos).replace(/\.00/, ""));
    }
    const seen = new Set();
    // Of very many a part is enough, but of what fails all.
    const every = Math.ceil(calls.length / 6000);
    for (let k = 0; k < calls.length; k++) {
      const i = calls[k];
      if (k % every && !Data.failed(i)) continue;
      const group = Data.group[Data.op[i]];
      if (!KINDS.includes(group)) continue;
      const [cx, cy] = [x(Data.start[i]), y(Data.dur[i])];
      const kind = Data.failed(i) ? "error" : group;
      const slot = `${kind}${Math.round(cx / 2)},${Math.round(cy / 2)}`;
      if (seen.has(slot)) continue;
      seen.add(slot);
      const [px, py] = [cx.toFixed(1), cy.toFixed(1)];
      // What fails has a shape of its own.
      chart.append(kind === "error"
        ? svg("path", { class: "dot error", d: `M${px} ${py}m-4 -3 1-1 3 3 3-3 1 1-3 3 3 3-1 1-3-3-3 3-1-1 3-3z` })
        : svg("circle", { class: `dot ${kind}`, cx: px, cy: py, r: 2.3 }));
    }
    text(chart, LEFT, H - 7, "start", "0");
    text(chart, W - RIGHT, H - 7, "end", Data.span(length));
    return [el("h3", {}, "How long calls took"), chart,
      el("ul", { class: "legend" }, el("li", {}, el("i", { class: "key-send" }), "sends"), el("li", {}, el("i", { class: "key-recv" }), "receives"),
        el("li", {}, el("i", { class: "key-link" }), "connects"), el("li", {}, el("i", { class: "key-error" }), "fails (cross)"))];
  };

  const table = (calls) => {
    const by = new Map();
    for (const i of calls) {
      const name = Data.opName(i);
      let row = by.get(name);
      if (!row) by.set(name, row = { name, times: [], errors: 0 });
      row.times.push(Data.dur[i]);
      row.errors += Data.failed(i) ? 1 : 0;
    }
    const rows = [...by.values()].map((row) => {
      const times = Float64Array.from(row.times).sort();
      const at = (share) => times[Math.max(0, Math.ceil(times.length * share) - 1)];
      return { ...row, count: times.length, p50: at(0.5), p99: at(0.99), total: times.reduce((sum, t) => sum + t, 0) };
    }).sort((a, b) => b.total - a.total);
    const head = ["call", "calls", "errors", "p50", "p99"].map((name, at) => el("th", { scope: "col", class: at ? "n" : "" }, name));
    return [el("h3", {}, "Calls"), el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows.map((row) => el("tr", {},
      el("td", { class: "mono" }, row.name), el("td", { class: "n" }, String(row.count)),
      el("td", { class: row.errors ? "n bad-text" : "n" }, String(row.errors)),
      el("td", { class: "n" }, Data.span(row.p50)), el("td", { class: "n" }, Data.span(row.p99))))))];
  };

  const draw = (panel, calls) => {
    panel.replaceChildren(...(calls.length ? [...through(calls), ...latency(calls), ...table(calls)] : [el("p", { class: "fine" }, "No call is like that.")]));
  };
  return { draw };
})();
