// The page: what is shown, what is chosen, and what the keys and the mouse do.
const Page = (() => {
  const $ = (id) => document.getElementById(id);
  const { el } = Panels;
  const stage = $("stage");
  const canvas = $("canvas");
  const context = canvas.getContext("2d", { alpha: false });
  const mapCanvas = $("map");
  const mapContext = mapCanvas.getContext("2d", { alpha: false });
  const MAP = 58;

  const view = { width: 0, height: 0, ratio: 1, top: 0, left: 0, zoom: 1, wide: 1 };
  const chosen = { call: null, over: null, marked: new Set(), finding: null };
  let only = null;
  let layout = null;
  let mapPicture = null;
  let dirty = false;

  // ---- which calls are shown

  const haystacks = [];
  const haystack = (i) => {
    if (haystacks[i] === undefined) {
      const bytes = Data.bytesOf(i);
      const text = bytes ? new TextDecoder().decode(bytes) : "";
      const socket = Data.socket[i] >= 0 ? Data.sockets[Data.socket[i]] : null;
      haystacks[i] = [Data.line(i), Data.result(i), text, socket?.local, socket?.peer, Data.threadName(Data.thread[i])].join("\n").toLowerCase();
    }
    return haystacks[i];
  };

  const filtered = () => {
    const socket = $("by-socket").value;
    const op = $("by-call").value;
    const result = $("by-result").value;
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let sockets = only;
    if (socket !== "") {
      const s = Number(socket);
      sockets = new Set([s, Data.sockets[s].other].filter((one) => one !== null));
    }
    const calls = [];
    for (let i = 0; i < Data.n; i++) {
      if (sockets && !sockets.has(Data.socket[i]) && !(Data.made.has(i) && sockets.has(Data.made.get(i)))) continue;
      if (op !== "" && !(op.startsWith("=") ? Data.group[Data.op[i]] === op.slice(1) : Data.opName(i) === op)) continue;
      if (result === "error" && !Data.failed(i)) continue;
      if (result === "waited" && Data.waited[i] < 1e6) continue;
      if (result.startsWith("E") && Data.errno.get(i) !== result) continue;
      if (words.length && !words.every((word) => haystack(i).includes(word))) continue;
      calls.push(i);
    }
    return Int32Array.from(calls);
  };

  const rebuild = (keep = true) => {
    const anchor = keep && layout ? anchorCall() : null;
    layout = Layout.build(filtered(), $("lanes").value, $("scale").value);
    $("empty").hidden = layout.n > 0;
    const all = layout.n === Data.n;
    $("shown").textContent = all ? Panels.times(Data.n, "call") : `${layout.n} of ${Panels.times(Data.n, "call")}`;
    $("clear").hidden = all && !chosen.marked.size;
    drawMap();
    if (anchor && layout.place[anchor.call] >= 0) {
      view.top = layout.y0[layout.place[anchor.call]] - anchor.offset / view.zoom;
    }
    if (!$("plots").hidden) Plots.draw($("plots"), layout.calls);
    clamp();
    ask();
  };

  /** The call that is to stay where it is when all else moves. */
  const anchorCall = () => {
    const k = chosen.call !== null && layout.place[chosen.call] >= 0 ? layout.place[chosen.call] : Math.min(layout.n - 1, layout.from(view.top));
    return k < 0 || !layout.n ? null : { call: layout.calls[k], offset: (layout.y0[k] - view.top) * view.zoom };
  };

  // ---- drawing

  const ask = () => {
    if (dirty) return;
    dirty = true;
    requestAnimationFrame(() => {
      dirty = false;
      paint();
    });
  };

  const paint = () => {
    Draw.picture(context, view, layout, chosen);
    paintMap();
  };

  const drawMap = () => {
    const size = { width: MAP, height: view.height, ratio: view.ratio };
    mapPicture = document.createElement("canvas");
    mapPicture.width = Math.max(1, Math.round(MAP * view.ratio));
    mapPicture.height = Math.max(1, Math.round(view.height * view.ratio));
    Draw.map(mapPicture.getContext("2d"), size, layout);
  };

  const paintMap = () => {
    mapContext.setTransform(1, 0, 0, 1, 0, 0);
    mapContext.drawImage(mapPicture, 0, 0);
    mapContext.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    const scale = Draw.mapScale(view.height, layout);
    const top = view.top * scale;
    const high = Math.max(8, ((view.height - Draw.HEAD) / view.zoom) * scale);
    mapContext.strokeStyle = Draw.colours.accent;
    mapContext.lineWidth = 2;
    mapContext.strokeRect(1.5, Math.max(1, Math.min(view.height - 10, top)), MAP - 3, Math.min(high, view.height - 2));
  };

  const resize = () => {
    const rect = stage.getBoundingClientRect();
    view.ratio = window.devicePixelRatio || 1;
    view.width = Math.max(100, rect.width - MAP);
    view.height = Math.max(100, rect.height);
    for (const [one, width] of [[canvas, view.width], [mapCanvas, MAP]]) {
      one.width = Math.round(width * view.ratio);
      one.height = Math.round(view.height * view.ratio);
      one.style.width = `${width}px`;
      one.style.height = `${view.height}px`;
    }
    if (layout) {
      drawMap();
      clamp();
      paint();
    }
  };

  const theme = (name) => {
    document.documentElement.dataset.theme = name;
    Draw.readColours(context);
    if (layout) {
      drawMap();
      ask();
    }
  };

  // ---- moving

  const room = () => (view.height - Draw.HEAD) / view.zoom;
  const clamp = () => {
    const air = 14 / view.zoom;
    const most = layout.height - room() + 30 / view.zoom;
    view.top = Math.max(-air, Math.min(view.top, Math.max(-air, most)));
    const wide = Draw.columns(view, layout).all;
    view.left = Math.max(0, Math.min(view.left, wide - view.width));
  };
  const least = () => Math.min(1, (view.height - Draw.HEAD - 30) / Math.max(1, layout.height));
  const most = () => (layout.linear ? 20000 : 4);

  const zoomTo = (zoom, at = view.height / 2) => {
    const y = view.top + (at - Draw.HEAD) / view.zoom;
    view.zoom = Math.max(least(), Math.min(most(), zoom));
    view.top = y - (at - Draw.HEAD) / view.zoom;
    clamp();
    ask();
  };
  const fit = () => {
    view.zoom = least();
    view.top = -14 / view.zoom;
    clamp();
    ask();
  };
  const one = () => zoomTo(layout.linear ? readable() : 1, centre());
  const centre = () => {
    const k = chosen.call === null ? -1 : layout.place[chosen.call];
    const y = k < 0 ? view.height / 2 : Draw.HEAD + (layout.y0[k] - view.top) * view.zoom;
    return Math.max(Draw.HEAD, Math.min(view.height, y));
  };
  /** In true time: so that half of the calls have room for their words. */
  const readable = () => {
    const gaps = [];
    for (let k = 1; k < layout.n; k++) gaps.push(layout.y0[k] - layout.y0[k - 1]);
    gaps.sort((a, b) => a - b);
    return 18 / Math.max(1e-6, gaps[gaps.length >> 1] || 18);
  };

  const reveal = (i) => {
    const k = layout.place[i];
    if (k < 0) return;
    const y = Draw.HEAD + (layout.y0[k] - view.top) * view.zoom;
    if (y < Draw.HEAD + 30 || y > view.height - 60) view.top = layout.y0[k] - room() * 0.4;
    const x = Draw.columns(view, layout).x(layout.lane[k]);
    if (x < Draw.GUTTER + 20 || x > view.width - 60) view.left += x - view.width / 2;
    clamp();
  };

  // ---- choosing

  const say = (i) => {
    const answer = Data.result(i);
    const wait = Data.waited[i] >= 1e6 ? `, waited ${Data.span(Data.waited[i])}` : "";
    $("said").textContent = `${Data.threadName(Data.thread[i])}: ${Data.line(i)}${answer ? `, ${Data.failed(i) ? "failed: " : ""}${answer}` : ""}${wait}, at ${Data.moment(Data.start[i])} milliseconds`;
  };

  const choose = (i, details = true) => {
    chosen.call = i;
    if (i !== null) {
      if (layout.place[i] < 0) showAll();
      reveal(i);
      say(i);
    }
    Panels.call($("call"), i, (other) => choose(other));
    if (details && i !== null) tab("call");
    ask();
  };

  const mark = (at) => {
    const finding = Data.findings[at];
    chosen.finding = at;
    chosen.marked = new Set(finding.calls);
    if (finding.calls.some((i) => layout.place[i] < 0)) showAll(true);
    for (const one of document.querySelectorAll(".finding")) one.classList.toggle("on", one.dataset.at === String(at));
    if (!layout.linear && view.zoom < 0.55) view.zoom = 1;
    const first = finding.calls.find((i) => Data.failed(i)) ?? finding.calls[0];
    chosen.call = null;
    if (first !== undefined) {
      reveal(first);
      say(first);
    }
    $("clear").hidden = false;
    ask();
  };

  const showAll = (keepMarks = false) => {
    $("search").value = "";
    for (const id of ["by-socket", "by-call", "by-result"]) $(id).value = "";
    only = null;
    if (!keepMarks) {
      chosen.marked = new Set();
      for (const one of document.querySelectorAll(".finding.on")) one.classList.remove("on");
    }
    rebuild();
  };

  const step = (by, same = null) => {
    if (!layout.n) return;
    let k = chosen.call === null ? -1 : layout.place[chosen.call];
    if (k < 0) {
      k = Math.min(layout.n - 1, layout.from(view.top));
      choose(layout.calls[k], !$("call").hidden);
      return;
    }
    const fits = same || (() => true);
    for (let next = k + by; next >= 0 && next < layout.n; next += by) {
      if (fits(layout.calls[next], layout.calls[k])) {
        choose(layout.calls[next], !$("call").hidden);
        return;
      }
    }
  };
  const sameLane = (a, b) => layout.lane[layout.place[a]] === layout.lane[layout.place[b]];

  const conversation = () => {
    if (only || $("by-socket").value !== "") {
      only = null;
      $("by-socket").value = "";
    } else if (chosen.call !== null && Data.socket[chosen.call] >= 0) {
      $("by-socket").value = String(Data.socket[chosen.call]);
    }
    rebuild();
  };

  const partner = () => {
    if (chosen.call === null) return;
    const [other] = Data.partners(chosen.call);
    if (other !== undefined) choose(other, !$("call").hidden);
  };

  const hit = (x, y) => {
    if (y < Draw.HEAD || !layout.n) return null;
    const at = view.top + (y - Draw.HEAD) / view.zoom;
    const cols = Draw.columns(view, layout);
    let found = null;
    let best = Infinity;
    const slack = 4 / view.zoom;
    let looked = 0;
    layout.between(at - Math.max(slack, 40 / view.zoom), at + slack, (k) => {
      if (looked++ > 5000) return;
      const b = Draw.box(view, layout, cols, k);
      const beyond = b.x > view.width - 4 ? x > view.width - 14 : b.x + b.w < Draw.GUTTER && Math.abs(x - Draw.GUTTER) < 10;
      if (!beyond && (x < b.x - 3 || x > b.x + b.w + 8)) return;
      const off = y < b.y ? b.y - y : y > b.y + b.h ? y - b.y - b.h : 0;
      if (off <= 4 && off + b.h / 1e6 < best) {
        best = off + b.h / 1e6;
        found = layout.calls[k];
      }
    });
    return found;
  };

  const tip = (i, x, y) => {
    const box = $("tip");
    box.hidden = i === null;
    if (i === null) return;
    const lines = [el("p", { class: "line" }, Data.line(i)),
      el("p", Data.failed(i) ? { class: "bad" } : {}, Data.result(i) ? `→ ${Data.result(i)}` : "→ success"),
      el("p", {}, [`${Data.moment(Data.start[i])} ms`, `took ${Data.span(Data.dur[i])}`, Data.waited[i] >= 1e5 ? `waited ${Data.span(Data.waited[i])}` : ""].filter(Boolean).join(" · "))];
    const range = Data.range.get(i);
    if (range && range[1] > range[0]) lines.push(el("p", {}, `bytes ${range[0]} to ${range[1]} of the stream`));
    for (const l of Data.linksFrom(i).slice(0, 3)) lines.push(el("p", {}, `→ ${Data.linkName(l)} to ${Data.line(Data.links.to[l])}`));
    for (const l of Data.linksTo(i).slice(0, 3)) lines.push(el("p", {}, `← ${Data.linkName(l)} from ${Data.line(Data.links.from[l])}`));
    box.replaceChildren(...lines);
    const w = box.offsetWidth;
    const h = box.offsetHeight;
    box.style.left = `${Math.max(4, Math.min(view.width - w - 8, x + 16))}px`;
    box.style.top = `${y + 18 + h > view.height ? Math.max(4, y - h - 12) : y + 18}px`;
  };

  // ---- the side

  const TABS = ["found", "call", "ends", "plots"];
  const tab = (name) => {
    for (const one of TABS) {
      const on = one === name;
      $(one).hidden = !on;
      $(`tab-${one}`).setAttribute("aria-selected", String(on));
      $(`tab-${one}`).tabIndex = on ? 0 : -1;
    }
    if (name === "plots") Plots.draw($("plots"), layout.calls);
  };

  // ---- what people do

  const keys = (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape") {
      if ($("keys").open) return;
      if (typing) event.target.blur();
      chosen.call = null;
      Panels.call($("call"), null, choose);
      showAll();
      stage.focus();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
    const inStage = event.target === stage || event.target === document.body;
    const actions = {
      "/": () => $("search").focus(), "?": () => $("keys").showModal(), "t": () => toggleTheme(), "+": () => zoomTo(view.zoom * 1.4, centre()),
      "=": () => zoomTo(view.zoom * 1.4, centre()), "-": () => zoomTo(view.zoom / 1.4, centre()), "0": fit, "1": one, "p": partner, "s": conversation,
      "j": () => step(1), "k": () => step(-1), "e": () => step(1, (i) => Data.failed(i)), "E": () => step(-1, (i) => Data.failed(i)),
      "]": () => wider(1.25), "[": () => wider(0.8), "l": () => cycle("lanes"), "m": () => cycle("scale"),
    };
    const moves = {
      "ArrowDown": () => step(1), "ArrowUp": () => step(-1), "ArrowRight": () => step(1, sameLane), "ArrowLeft": () => step(-1, sameLane),
      "PageDown": () => pan(0, view.height * 0.8), "PageUp": () => pan(0, -view.height * 0.8),
      "Home": () => pan(0, -Infinity), "End": () => pan(0, Infinity), " ": () => pan(0, view.height * (event.shiftKey ? -0.8 : 0.8)),
      "Enter": () => { if (chosen.call !== null) { tab("call"); $("call").focus(); } },
    };
    const action = actions[event.key] || (inStage ? moves[event.key] : undefined);
    if (!action) return;
    event.preventDefault();
    action();
  };
  const pan = (x, y) => {
    view.top = Math.max(-1e9, Math.min(1e12, view.top + y / view.zoom));
    view.left += x;
    clamp();
    ask();
  };
  const wider = (by) => {
    view.wide = Math.max(0.2, Math.min(8, view.wide * by));
    clamp();
    ask();
  };
  const cycle = (id) => {
    const select = $(id);
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    select.dispatchEvent(new Event("change"));
  };
  const toggleTheme = () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");

  const pointer = () => {
    let drag = null;
    canvas.addEventListener("pointerdown", (event) => {
      drag = { x: event.clientX, y: event.clientY, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (drag) {
        const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
        if (!drag.moved && Math.hypot(dx, dy) < 4) return;
        drag = { x: event.clientX, y: event.clientY, moved: true };
        canvas.classList.add("drag");
        tip(null);
        pan(-dx, -dy);
        return;
      }
      const rect = canvas.getBoundingClientRect();
      const over = hit(event.clientX - rect.left, event.clientY - rect.top);
      canvas.classList.toggle("over", over !== null);
      tip(over, event.clientX - rect.left, event.clientY - rect.top);
      if (over !== chosen.over) {
        chosen.over = over;
        ask();
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      const rect = canvas.getBoundingClientRect();
      if (drag && !drag.moved) choose(hit(event.clientX - rect.left, event.clientY - rect.top));
      drag = null;
      canvas.classList.remove("drag");
      stage.focus({ preventScroll: true });
    });
    canvas.addEventListener("pointerleave", () => {
      tip(null);
      chosen.over = null;
      ask();
    });
    canvas.addEventListener("dblclick", (event) => {
      const rect = canvas.getBoundingClientRect();
      zoomTo(view.zoom * 2, event.clientY - rect.top);
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      tip(null);
      const unit = event.deltaMode === 1 ? 20 : 1;
      const rect = canvas.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey) zoomTo(view.zoom * Math.exp(-event.deltaY * unit * 0.004), event.clientY - rect.top);
      else if (event.shiftKey) pan(event.deltaY * unit, 0);
      else pan(event.deltaX * unit, event.deltaY * unit);
    }, { passive: false });
    const to = (event) => {
      const rect = mapCanvas.getBoundingClientRect();
      view.top = (event.clientY - rect.top) / Draw.mapScale(view.height, layout) - room() / 2;
      clamp();
      ask();
    };
    mapCanvas.addEventListener("pointerdown", (event) => { mapCanvas.setPointerCapture(event.pointerId); to(event); });
    mapCanvas.addEventListener("pointermove", (event) => { if (event.buttons) to(event); });
  };

  const fill = () => {
    const facts = [[Data.processes.length, "process", "processes"], [Data.sockets.length, "socket"], [Data.n, "call"]];
    for (const [count, one, many = `${one}s`] of facts) $("facts").append(el("li", {}, el("b", {}, String(count)), ` ${count === 1 ? one : many}`));
    $("facts").append(el("li", {}, el("b", {}, Data.span(Data.raw.length))));
    let errors = 0;
    for (let i = 0; i < Data.n; i++) errors += Data.failed(i) ? 1 : 0;
    if (errors) $("facts").append(el("li", { class: "bad" }, el("b", {}, String(errors)), errors === 1 ? " error" : " errors"));
    const dropped = Data.processes.reduce((sum, process) => sum + process.dropped, 0);
    if (dropped) $("facts").append(el("li", { class: "bad" }, el("b", {}, String(dropped)), " not recorded"));

    const option = (value, text) => el("option", { value }, text);
    $("by-socket").append(option("", "all"), ...Data.sockets.slice(0, 2000).map((socket, s) => option(String(s),
      [Data.socketName(s), socket.kind, socket.peer ? `↔ ${socket.peer}` : socket.local].filter(Boolean).join(" "))));
    const names = [...new Set(Data.raw.ops.map((row) => row.name))].sort();
    const groups = Data.GROUPS.filter(([group]) => Data.group.includes(group));
    $("by-call").append(option("", "all"), ...groups.map(([group, said]) => option(`=${group}`, said)), ...names.map((name) => option(name, `${name}()`)));
    const errnos = [...new Set(Data.errno.values())].filter((errno) => errno.startsWith("E")).sort();
    $("by-result").append(option("", "all"), option("error", "errors"), option("waited", "waited"), ...errnos.map((errno) => option(errno, errno)));
    $("legend").append(...Data.GROUPS.map(([group, said]) => el("li", {}, el("i", { class: `key-${group}` }), said)),
      el("li", {}, el("i", { class: "key-error" }), "fails (a cross)"), el("li", {}, el("i", { class: "key-waited" }), "waits: as long as it is high"));

    const serious = Data.findings.filter((finding) => finding.level === "error").length;
    if (Data.findings.length) $("tab-found").append(el("span", { class: serious ? "count bad" : "count" }, String(Data.findings.length)));
    Panels.found($("found"), mark);
    Panels.call($("call"), null, choose);
    Panels.ends($("ends"), (s) => { $("by-socket").value = String(s); rebuild(); });
  };

  /** On paper: the picture in pieces, light, and everything beside it. */
  const print = () => {
    const before = document.documentElement.dataset.theme;
    theme("light");
    const sheet = { width: 960, height: 1240, ratio: 2, top: -14, left: 0, zoom: 1, wide: 1 };
    const pieces = [];
    for (let page = 0; page < 12 && sheet.top < layout.height; page++) {
      const paper = document.createElement("canvas");
      const high = Math.min(sheet.height, layout.height - sheet.top + Draw.HEAD + 20);
      paper.width = sheet.width * sheet.ratio;
      paper.height = high * sheet.ratio;
      Draw.picture(paper.getContext("2d"), { ...sheet, height: high }, layout, { call: null, over: null, marked: new Set() });
      pieces.push(el("img", { src: paper.toDataURL("image/png"), alt: "" }));
      sheet.top += sheet.height - Draw.HEAD - 10;
    }
    const rest = sheet.top < layout.height ? el("p", {}, "The picture goes on: filter it to print another part.") : null;
    $("paper").replaceChildren(...pieces, ...(rest ? [rest] : []));
    Plots.draw($("plots"), layout.calls);
    theme(before);
    document.documentElement.dataset.theme = "light";
    return before;
  };

  const start = () => {
    document.title = Data.raw.title;
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    theme(dark.matches ? "dark" : "light");
    dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
    $("lanes").value = Data.raw.lanes;
    fill();
    resize();
    rebuild(false);
    view.top = -14;
    // What fits is shown whole.
    if (layout.height < room() * 1.9 && least() > 0.55) fit();
    clamp();
    paint();
    new ResizeObserver(resize).observe(stage);
    pointer();
    document.addEventListener("keydown", keys);
    for (const id of ["by-socket", "by-call", "by-result", "lanes"]) $(id).addEventListener("change", () => rebuild());
    $("scale").addEventListener("change", () => {
      rebuild();
      one();
    });
    let wait = 0;
    $("search").addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(() => rebuild(), Data.n > 20000 ? 150 : 0);
    });
    $("clear").addEventListener("click", () => showAll());
    $("theme").addEventListener("click", toggleTheme);
    $("help").addEventListener("click", () => $("keys").showModal());
    $("in").addEventListener("click", () => zoomTo(view.zoom * 1.4));
    $("out").addEventListener("click", () => zoomTo(view.zoom / 1.4));
    $("fit").addEventListener("click", fit);
    $("one").addEventListener("click", one);
    TABS.forEach((name, at) => {
      $(`tab-${name}`).addEventListener("click", () => tab(name));
      $(`tab-${name}`).addEventListener("keydown", (event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        const next = TABS[(at + by + TABS.length) % TABS.length];
        tab(next);
        $(`tab-${next}`).focus();
      });
    });
    let before = null;
    window.addEventListener("beforeprint", () => { before = print(); });
    window.addEventListener("afterprint", () => {
      theme(before || "light");
      $("paper").replaceChildren();
    });
    document.documentElement.dataset.ready = "yes";
  };

  start();
  return {
    view, chosen, get layout() { return layout; }, choose, mark, zoomTo, fit, one, pan, paint, hit,
    /** How long frames take while the picture moves: for the project's own measurement. */
    async frames(count) {
      const times = [];
      let last = performance.now();
      for (let frame = 0; frame < count; frame++) {
        if (frame % 40 === 0) fit();
        else if (frame % 40 < 20) zoomTo(view.zoom * 1.25, view.height * 0.6);
        else pan(0, 90);
        await new Promise((done) => requestAnimationFrame(done));
        const now = performance.now();
        times.push(now - last);
        last = now;
      }
      return times;
    },
  };
})();
globalThis.berkeley = { Data, Page };
