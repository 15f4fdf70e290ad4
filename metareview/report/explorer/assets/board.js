/* ---- the board: methods by columns, with rank, bounds and score by the chosen rule ---- */
const MOST_COLUMNS = 24;
let allColumns = false;

const boardOf = (state) => {
  const pool = cells.filter((cell) => !cell.standing && passes(cell, state));
  const name = NAMINGS[state.by][1];
  const rows = new Map();
  for (const cell of pool) {
    const label = name(cell.run);
    if (!rows.has(label)) rows.set(label, { label, cells: new Map(), runs: new Set() });
    const row = rows.get(label);
    row.runs.add(cell.run);
    if (!row.cells.has(cell.column)) row.cells.set(cell.column, []);
    row.cells.get(cell.column).push(cell);
  }
  const every = [...new Set(pool.map((cell) => cell.column))].sort((a, b) => Boolean(a.unranked) - Boolean(b.unranked) || (a.key < b.key ? -1 : 1));
  const competing = every.filter((column) => !column.unranked);
  const methods = [...rows.values()].filter((row) => competing.some((column) => row.cells.has(column)))
    .sort((a, b) => a.label < b.label ? -1 : 1);
  const values = methods.map((row) => competing.map((column) => row.cells.has(column) ? mean(row.cells.get(column)) : NaN));
  const ranking = rankMethods({ methods: methods.map((row) => row.label), columns: competing, values }, state);
  methods.forEach((row, n) => { row.place = ranking.methods[n] || null; });
  for (const row of rows.values()) {
    row.filled = competing.filter((column) => row.cells.has(column)).length;
    row.categories = [...new Set([...row.runs].map((run) => run.category))].filter(Boolean).sort();
    row.words = [row.label, ...[...row.cells.values()].flat().map((cell) => cell.search)].join(" ").toLowerCase();
  }
  return { rows: [...rows.values()], columns: every, competing, methods, ranking };
};

const boardCount = (board) => {
  const { ranking, competing, methods } = board;
  const filled = methods.reduce((sum, row) => sum + row.filled, 0);
  const parts = [plural(methods.length, "method"), plural(competing.length, "column"),
    filled + " of " + methods.length * competing.length + " cells filled"];
  if (ranking.kept) parts.push(ranking.kept);
  return parts.join(", ");
};

/* ---- order of rows ---- */
const boardKey = (key) => {
  if (key === "method") return (row) => row.label;
  if (key === "category") return (row) => row.categories.join(", ");
  if (key === "filled") return (row) => row.filled;
  if (key === "score") return (row) => row.place ? row.place.score : null;
  if (key === "bounds") return (row) => row.place ? row.place.low + row.place.high / 1e6 : null;
  const column = columns.find((one) => one.key === key);
  if (column) return (row) => row.cells.has(column) ? mean(row.cells.get(column)) : null;
  return (row) => row.place ? row.place.rank : null;
};
const boardRows = (board, state) => {
  const { key, down } = sortOf(state);
  const base = [...board.rows].sort((a, b) => a.label < b.label ? -1 : 1);
  return ordered(base, boardKey(key), down).filter((row) => found(state, row.words));
};

/* ---- why a cell is empty ---- */
const gapOf = (row, column, state) => {
  const name = NAMINGS[state.by][1];
  const left = gaps.find((gap) => gap.column === column && name(gap.run) === row.label);
  if (left) return ["\u2020", "left out: " + left.reason];
  const other = row.others.find((cell) => cell.column !== column && cell.column.dataset === column.dataset
    && cell.column.target === column.target && cell.column.metric === column.metric && cell.column.rule !== column.rule);
  if (other) return ["\u00a7", "reported under another convention: " + other.column.label];
  return ["", "not reported"];
};
const digitsOf = (rows, column) => Math.max(0, ...rows.flatMap((row) => (row.cells.get(column) || []).map((c) => c.digits)));
const ranked = (row) => Boolean(row.place && row.place.rank);
const bestOf = (rows, column, digits) => {
  const texts = new Map();
  for (const row of rows) {
    if (ranked(row) && row.cells.has(column)) {
      const value = mean(row.cells.get(column));
      texts.set(fixed(value, digits), value * column.direction);
    }
  }
  const order = [...texts].sort((a, b) => b[1] - a[1]).map(([shownAs]) => shownAs);
  return order.length > 1 ? order : [];
};

const rangeCell = (place, total) => {
  if (!place) return el("td", { class: "missing" }, dash("not ranked"));
  const cell = el("td", { class: "bounds" }, el("span", {}, place.low === place.high ? String(place.low) : place.low + "\u2013" + place.high));
  const bar = el("span", { class: "range", "aria-hidden": "true" });
  bar.style.setProperty("--from", (place.low - 1) / total);
  bar.style.setProperty("--to", place.high / total);
  bar.style.setProperty("--at", ((place.first || (place.low + place.high) / 2) - 0.5) / total);
  bar.classList.toggle("unplaced", !place.first);
  cell.append(bar);
  return cell;
};
const printedRank = (place, methods) =>
  place.first + (methods.filter((row) => row.place && row.place.first === place.first).length > 1 ? "=" : "");

const showBoard = (board, state, change) => {
  const table = byId("board"), { ranking } = board;
  showRanking(board, state);
  const columnsShown = visibleColumns(board);
  table.tHead.replaceChildren(...boardHead(columnsShown, state, change));
  const rows = boardRows(board, state);
  const styles = new Map(columnsShown.map((column) => {
    const digits = digitsOf(board.rows, column);
    return [column, { digits, best: column.unranked ? [] : bestOf(board.rows, column, digits) }];
  }));
  const reasons = new Map();
  const others = new Map();
  for (const cell of cells) {
    const label = NAMINGS[state.by][1](cell.run);
    if (!others.has(label)) others.set(label, []);
    others.get(label).push(cell);
  }
  for (const row of rows) row.others = others.get(row.label);
  current = board;
  fillBody(table, rows, (row) => boardRow(row, columnsShown, board, state, styles, reasons), () => byId("legend").replaceChildren(
    el("li", {}, el("span", { class: "sample" }, "\u2013"), " not reported in the documents read; it counts as missing, never as zero"),
    ...[...reasons].sort().map(([sign, meaning]) => el("li", {}, el("span", { class: "sample" }, "\u2013", el("sup", {}, sign)), " " + meaning))));
  current.shown = { rows, columns: columnsShown, ranking };
};
const visibleColumns = (board) => {
  const most = allColumns ? Infinity : MOST_COLUMNS;
  const size = (column) => board.rows.filter((row) => row.cells.has(column)).length;
  const kept = new Set([...board.columns].sort((a, b) => size(b) - size(a)).slice(0, most));
  const hidden = board.columns.length - kept.size, more = byId("more");
  more.hidden = !hidden && !(allColumns && board.columns.length > MOST_COLUMNS);
  more.textContent = hidden ? "Show all " + board.columns.length + " columns (" + kept.size + " shown; the ranks use all)" : "Show fewer columns";
  more.onclick = () => { allColumns = !allColumns; show(); byId("more").focus(); };
  return board.columns.filter((column) => kept.has(column));
};

const boardHead = (columnsShown, state, change) => {
  const own = [["method", "Method", {}], ["rank", "Rank", { class: "num" }], ["bounds", "Rank bounds", {}], ["score", "Score", { class: "num" }],
    ["filled", "Cells", { class: "num" }], ["category", "Category", {}]];
  const span = own.map(([key, title, props]) => sortHead(key, title, state, change, { rowspan: 2, ...props }, key === "filled" || key === "score" ? "down" : "up"));
  const places = [];
  for (const column of columnsShown) {
    if (places.length && places[places.length - 1].place === column.place) places[places.length - 1].n++;
    else places.push({ place: column.place, n: 1 });
  }
  const groups = places.map(({ place, n }) => el("th", { scope: "colgroup", colspan: n }, el("bdi", {}, place)));
  const names = columnsShown.map((column) => sortHead(column.key,
    [el("bdi", {}, column.label), column.metric.arrow ? el("span", { "aria-hidden": "true" }, " " + column.metric.arrow) : "",
      el("span", { class: "sr" }, { 1: ", higher is better", "-1": ", lower is better" }[column.direction] || "")].filter(Boolean),
    state, change, { class: "num", note: column.unranked && "not ranked", title: column.metric.name + (column.unranked ? " (" + column.unranked + ")" : "") }, column.direction > 0 ? "down" : "up"));
  return [el("tr", {}, ...span, ...groups), el("tr", {}, ...names)];
};

const boardRow = (row, columnsShown, board, state, styles, reasons) => {
  const place = row.place;
  const empty = () => el("td", { class: "num missing" }, dash("not ranked"));
  return el("tr", {},
    el("th", { scope: "row" }, el("bdi", {}, row.label)),
    ranked(row) ? el("td", { class: "num" }, printedRank(place, board.methods)) : empty(),
    rangeCell(place, board.ranking.total),
    ranked(row) ? el("td", { class: "num" }, shown(place.score, board.ranking.digits)) : empty(),
    el("td", { class: "num" }, row.filled + "/" + board.competing.length),
    el("td", { class: row.categories.length ? "" : "missing" }, row.categories.length ? el("bdi", {}, row.categories.join(", ")) : dash("not stated")),
    ...columnsShown.map((column) => valueCell(row, column, state, styles.get(column), reasons)));
};
const valueCell = (row, column, state, { digits, best }, reasons) => {
  const list = row.cells.get(column);
  if (!list) {
    const [sign, reason] = gapOf(row, column, state);
    if (!sign) return el("td", { class: "num missing", title: reason }, dash(reason));
    reasons.set(sign, sign === "\u2020" ? "a result was read and left out; open it for the reason" : "reported under another convention; open it for which");
    return el("td", { class: "num missing", title: reason }, gapButton(sign, reason, row.label + ", " + column.label + " on " + column.datasetName));
  }
  const place = ranked(row) ? best.indexOf(fixed(mean(list), digits)) : -1;
  const css = [place === 0 ? "best" : place === 1 ? "second" : "", list.some((cell) => cell.flags.length) ? "flagged" : ""].join(" ");
  return el("td", { class: "num" }, valueButton(list, digits, row.label + ", " + column.label + " on " + column.datasetName, css));
};

/* ---- what the ranking says of itself ---- */
const showRanking = (board, state) => {
  const { ranking } = board, box = byId("refusal");
  box.hidden = !ranking.refused;
  box.textContent = ranking.refused || "";
  byId("transform-field").hidden = state.rule !== "mean";
  byId("about").textContent = ranking.about || "";
  const groups = ranking.components || [];
  byId("apart").hidden = groups.length < 2;
  byId("apart").replaceChildren(...(groups.length < 2 ? [] : [
    el("p", {}, "The methods fall into " + groups.length + " groups that share no column: between them a rank rests on no comparison."),
    el("details", {}, el("summary", {}, "The groups"), el("ul", {}, ...groups.map((names) => el("li", {}, names.join("; ")))))]));
};
