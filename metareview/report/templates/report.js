"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const note = document.getElementById("note");
  const root = document.documentElement;
  const LONG = 25, SHORT = 12, MOST = 400, FOLD = 6;
  const make = (tag, text, css) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (css) element.className = css;
    return element;
  };

  /* ---- theme: follows the system until chosen ---- */
  const button = document.getElementById("theme");
  const themes = ["auto", "light", "dark"];
  const names = { auto: "automatic", light: "light", dark: "dark" };
  let theme = "auto";
  const applyTheme = () => {
    if (theme === "auto") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    button.querySelector("span").textContent = "Theme: " + names[theme];
    button.setAttribute("aria-label", "Theme: " + names[theme]);
  };
  try { theme = localStorage.getItem("metareview-theme") || "auto"; } catch (error) { /* storage is switched off */ }
  if (!themes.includes(theme)) theme = "auto";
  applyTheme();
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    applyTheme();
    try { localStorage.setItem("metareview-theme", theme); } catch (error) { /* storage is switched off */ }
  });

  /* ---- sources of a number: one note for the whole page ---- */
  const positions = (text) => {
    const runs = text.startsWith("@") ? data.lists[Number(text.slice(1))] : text;
    const found = [];
    for (const run of runs.split(" ")) {
      if (!run) continue;
      const [first, last] = run.split("-").map(Number);
      for (let n = first; n <= (last === undefined ? first : last); n++) found.push(n);
    }
    return found;
  };
  const describe = (position) => {
    const [file, line, source, locator, printed, uncertain, remark] = data.rows[position].map(
      (value, n) => (n === 1 || n === 5 ? value : data.texts[value]));
    const item = make("li");
    if (source) {
      const where = make("span", source + (locator ? ", " + locator : ""), "where");
      item.append(where);
      if (data.documents[source]) item.append(make("br"), make("span", data.documents[source]));
    }
    if (printed) item.append(make("br"), "printed ", make("q", printed));
    if (uncertain) item.append(make("br"), make("span", "reading uncertain" + (remark ? ": " + remark : ""), "doubt"));
    else if (remark) item.append(make("br"), remark);
    if (item.childNodes.length) item.append(make("br"));
    item.append(make("span", file + (line ? ", line " + line : ""), "row"));
    return item;
  };
  let owner = null, pinned = false;
  const fill = (cell) => {
    note.textContent = "";
    const remark = cell.getAttribute("data-note");
    if (remark) note.append(make("p", remark));
    const refs = cell.getAttribute("data-refs");
    if (!refs) return;
    const found = positions(refs);
    if (found.length > 1) note.append(make("p", found.length + " values entered:"));
    const list = make("ol", undefined, found.length === 1 ? "one" : "");
    found.slice(0, MOST).forEach((position) => list.append(describe(position)));
    note.append(list);
    if (found.length > MOST) note.append(make("p", "and " + (found.length - MOST) + " more; the CSV names them all"));
  };
  const place = (cell) => {
    const box = cell.getBoundingClientRect(), own = note.getBoundingClientRect();
    const left = Math.max(8, Math.min(box.left, root.clientWidth - own.width - 8));
    const below = box.bottom + 6 + own.height <= root.clientHeight;
    note.style.left = left + "px";
    note.style.top = (below ? box.bottom + 6 : Math.max(8, box.top - own.height - 6)) + "px";
  };
  const open = (cell) => {
    if (owner === cell) return;
    close();
    owner = cell;
    fill(cell);
    note.hidden = false;
    note.scrollTop = 0;
    place(cell);
    cell.classList.add("open");
    cell.setAttribute("aria-describedby", "note");
  };
  const close = () => {
    if (owner) { owner.classList.remove("open"); owner.removeAttribute("aria-describedby"); }
    owner = null;
    pinned = false;
    note.hidden = true;
  };
  const told = (target) => target instanceof Element ? target.closest("[data-refs], [data-note]") : null;
  document.addEventListener("mouseover", (event) => {
    if (pinned || note.contains(event.target)) return;
    const cell = told(event.target);
    if (cell) open(cell);
    else if (owner && owner !== document.activeElement) close();
  });
  document.addEventListener("click", (event) => {
    if (note.contains(event.target)) return;
    const cell = told(event.target);
    if (!cell || (pinned && cell === owner)) { close(); return; }
    open(cell);
    pinned = true;
  });
  document.addEventListener("focusin", (event) => {
    const cell = told(event.target);
    if (cell && cell === event.target) { close(); open(cell); } else if (!note.contains(event.target)) close();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  addEventListener("scroll", () => { if (owner && !pinned) place(owner); else if (owner) place(owner); },
    { passive: true, capture: true });
  addEventListener("resize", close);

  /* ---- tables: one stop of the Tab key each, arrow keys inside ---- */
  const cellsOf = (row) => Array.from(row.cells).filter((cell) => cell.matches("[data-refs], [data-note]"));
  const visible = (row) => !row.hidden && cellsOf(row).length > 0;
  const rowsOf = (table) => Array.from(table.tBodies).flatMap((body) => Array.from(body.rows)).filter(visible);
  const enter = (table) => {
    const old = table.querySelector('[tabindex="0"]');
    if (old && old.offsetParent) return;
    if (old) old.tabIndex = -1;
    const first = rowsOf(table)[0];
    if (first) cellsOf(first)[0].tabIndex = 0;
  };
  const move = (cell, event) => {
    const table = cell.closest("table"), rows = rowsOf(table), row = cell.parentElement;
    const at = rows.indexOf(row), own = cellsOf(row), column = own.indexOf(cell);
    let target = null;
    if (event.key === "ArrowRight") target = own[column + 1];
    else if (event.key === "ArrowLeft") target = own[column - 1];
    else if (event.key === "Home") target = own[0];
    else if (event.key === "End") target = own[own.length - 1];
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = rows[at + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) {
        const same = cellsOf(next).find((other) => other.cellIndex >= cell.cellIndex);
        target = same || cellsOf(next)[cellsOf(next).length - 1];
      }
    } else return;
    event.preventDefault();
    if (!target) return;
    cell.tabIndex = -1;
    target.tabIndex = 0;
    target.focus();
  };

  /* ---- sorting ---- */
  const key = (row, column, numeric) => {
    const cell = row.cells[column];
    if (!cell) return numeric ? null : "";
    if (numeric) {
      const value = cell.getAttribute("data-value");
      return value === null || value === "" ? null : Number(value);
    }
    return cell.textContent.trim();
  };
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const sort = (table, head, column) => {
    const numeric = head.dataset.sort === "number";
    const turn = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    table.querySelectorAll("thead [aria-sort]").forEach((other) => other.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", turn);
    const sign = turn === "ascending" ? 1 : -1;
    const compare = (a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.n - b.n;
      const order = numeric ? a.key - b.key : collator.compare(a.key, b.key);
      return order * sign || a.n - b.n;
    };
    for (const body of table.tBodies) {
      const rows = Array.from(body.rows).filter((row) => !row.classList.contains("mr-group"));
      rows.map((row, n) => ({ row, n, key: key(row, column, numeric) })).sort(compare)
        .forEach((entry) => body.append(entry.row));
    }
    update(table);
  };
  const prepareHeads = (table) => {
    const rows = Array.from(table.tHead ? table.tHead.rows : []);
    const taken = [];
    rows.forEach((row, level) => {
      let column = 0;
      for (const head of Array.from(row.cells)) {
        while (taken[level] && taken[level][column]) column++;
        const own = column;
        for (let down = 0; down < head.rowSpan; down++) {
          taken[level + down] = taken[level + down] || [];
          for (let right = 0; right < head.colSpan; right++) taken[level + down][own + right] = true;
        }
        column += head.colSpan;
        if (!head.dataset.sort) continue;
        const sorter = make("button");
        sorter.type = "button";
        sorter.append(...head.childNodes);
        head.append(sorter);
        head.setAttribute("aria-sort", "none");
        sorter.addEventListener("click", () => sort(table, head, own));
      }
    });
  };

  /* ---- long tables: the first rows, a filter, and all rows on demand ---- */
  const states = new Map();
  const update = (table) => {
    const state = states.get(table);
    if (!state) { enter(table); return; }
    const wanted = state.filter.value.trim().toLowerCase();
    let hits = 0, shown = 0;
    for (const body of table.tBodies) {
      let here = 0, heading = null;
      for (const row of body.rows) {
        if (row.classList.contains("mr-group")) { heading = row; continue; }
        const words = heading ? heading.textContent + " " + row.textContent : row.textContent;
        const hit = !wanted || words.toLowerCase().includes(wanted);
        if (hit) hits++;
        row.hidden = !hit || (!state.all && hits > state.limit);
        if (!row.hidden) { shown++; here++; }
      }
      if (heading) heading.hidden = here === 0;
    }
    state.count.textContent = shown === state.total ? "all " + shown + " rows"
      : shown + " of " + (wanted ? hits + " matching rows" : state.total + " rows");
    state.more.hidden = hits <= state.limit;
    state.more.textContent = state.all ? "Show fewer" : "Show all " + hits;
    state.more.setAttribute("aria-expanded", String(state.all));
    enter(table);
  };
  const prepareLong = (table) => {
    const total = Array.from(table.tBodies).reduce(
      (n, body) => n + Array.from(body.rows).filter((row) => !row.classList.contains("mr-group")).length, 0);
    if (total <= SHORT) return;
    const tools = make("div", undefined, "tools");
    const label = make("label", "Filter ");
    const filter = make("input");
    filter.type = "search";
    label.append(filter);
    const count = make("output");
    count.setAttribute("aria-live", "polite");
    const more = make("button");
    more.type = "button";
    tools.append(label, count, more);
    const limit = total <= LONG ? total : SHORT;
    states.set(table, { filter, count, more, total, limit, all: false });
    filter.addEventListener("input", () => update(table));
    more.addEventListener("click", () => { states.get(table).all = !states.get(table).all; update(table); });
    (table.closest(".mr-scroll") || table).before(tools);
  };
  document.querySelectorAll("table.mr").forEach((table) => {
    prepareHeads(table);
    prepareLong(table);
    table.querySelectorAll("tbody [data-refs], tbody [data-note]").forEach((cell) => { cell.tabIndex = -1; });
    table.addEventListener("keydown", (event) => {
      if (event.target.matches("[data-refs], [data-note]")) move(event.target, event);
    });
    update(table);
  });

  /* ---- many footnotes under a table are folded; each also stands in the note of its cell ---- */
  document.querySelectorAll(".mr-notes > ul").forEach((list) => {
    const notes = Array.from(list.children).filter((item) => item.classList.contains("mr-footnote"));
    if (notes.length <= FOLD) return;
    const item = make("li"), fold = make("details"), inner = make("ul");
    fold.append(make("summary", notes.length + " footnotes"), inner);
    item.append(fold);
    inner.append(...notes);
    list.append(item);
  });

  /* ---- tall figures scroll in a window of their own ---- */
  document.querySelectorAll(".drawing-scroll").forEach((frame) => {
    if (frame.scrollHeight > 1400) frame.classList.add("tall");
  });

  /* ---- a link to something that is folded opens it ---- */
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const fold = target.closest("details"), row = target.closest("tr");
    const state = row && row.hidden && states.get(row.closest("table"));
    if (state) { state.all = true; state.filter.value = ""; update(row.closest("table")); }
    for (let outer = fold; outer; outer = outer.parentElement.closest("details")) outer.open = true;
    if (fold || state) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  /* ---- a table that goes on at a side says so ---- */
  const frames = Array.from(document.querySelectorAll(".mr-scroll"));
  const mark = (frame) => {
    const left = frame.scrollLeft > 1, right = frame.scrollLeft + frame.clientWidth < frame.scrollWidth - 1;
    frame.dataset.more = [left && "left", right && "right"].filter(Boolean).join(" ");
  };
  frames.forEach((frame) => frame.addEventListener("scroll", () => mark(frame), { passive: true }));
  if ("ResizeObserver" in window) {
    const sizes = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target.closest(".mr-scroll"))));
    frames.forEach((frame) => { sizes.observe(frame); sizes.observe(frame.querySelector("table")); });
  } else frames.forEach(mark);

  /* ---- where the reader is ---- */
  const links = new Map(Array.from(document.querySelectorAll(".bar a"), (link) => [link.hash.slice(1), link]));
  if ("IntersectionObserver" in window) {
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        links.forEach((link) => link.removeAttribute("aria-current"));
        const link = links.get(entry.target.id);
        if (!link) continue;
        link.setAttribute("aria-current", "true");
        const list = link.closest("ul"), box = link.getBoundingClientRect(), frame = list.getBoundingClientRect();
        if (box.left < frame.left || box.right > frame.right) list.scrollLeft += box.left - frame.left - 16;
      }
    }, { rootMargin: "-20% 0px -70% 0px" });
    document.querySelectorAll("main > section").forEach((section) => watcher.observe(section));
  }

  /* ---- on paper nothing stays folded that a reader needs ---- */
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not([open])").forEach((fold) => { fold.open = true; fold.dataset.folded = ""; });
  });
  addEventListener("afterprint", () => {
    document.querySelectorAll("details[data-folded]").forEach((fold) => { fold.open = false; delete fold.dataset.folded; });
  });
})();
