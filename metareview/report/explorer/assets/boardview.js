/* ---- the board on the page ---- */
const MOST_COLUMNS = 24;
let allColumns = false;

const showBoard = (board, state, change) => {
  const table = byId("board"),
    seen = visibleColumns(board),
    rows = boardRows(board, state);
  showRanking(board, state);
  table.tHead.replaceChildren(...boardHead(seen, state, change));
  const others = new Map();
  for (const cell of cells) {
    const label = NAMINGS[state.by][1](cell.run);
    others.set(label, [...(others.get(label) || []), cell]);
  }
  for (const row of rows) row.others = others.get(row.label);
  const signs = new Set(),
    looks = looksOf(board.rows, seen);
  Object.assign(board, { seen, shown: rows });
  fillBody(
    table,
    rows,
    (row) => boardRow(row, board, state, looks, signs),
    () => showLegend(signs),
  );
};
const showLegend = (signs) =>
  byId("legend").replaceChildren(
    el(
      "li",
      {},
      el("span", { class: "sample" }, "\u2013"),
      " not reported in the documents read; it counts as missing, never as zero",
    ),
    ...[...signs]
      .sort()
      .map((sign) => el("li", {}, el("span", { class: "sample" }, "\u2013", el("sup", {}, sign)), " " + SIGNS[sign])),
  );

/* the columns with most methods; the ranks always use all */
const visibleColumns = (board) => {
  const size = (column) => board.rows.filter((row) => row.cells.has(column)).length;
  const most = allColumns ? board.columns.length : MOST_COLUMNS;
  const kept = new Set([...board.columns].sort((a, b) => size(b) - size(a)).slice(0, most));
  const more = byId("more");
  more.hidden = board.columns.length <= MOST_COLUMNS;
  more.textContent = allColumns
    ? "Show fewer columns"
    : "Show all " + board.columns.length + " columns (" + kept.size + " shown; the ranks use all)";
  more.onclick = () => {
    allColumns = !allColumns;
    show();
    more.focus();
  };
  return board.columns.filter((column) => kept.has(column));
};

const OWN = [
  ["method", "Method", ""],
  ["rank", "Rank", "num"],
  ["bounds", "Rank bounds", ""],
  ["score", "Score", "num", "down"],
  ["filled", "Cells", "num", "down"],
  ["category", "Category", ""],
];
const WAYS = { 1: ", higher is better", "-1": ", lower is better" };
const boardHead = (seen, state, change) => {
  const own = OWN.map(([key, title, css, first]) =>
    sortHead(key, title, state, change, { rowspan: 2, class: css || null }, first),
  );
  const places = [];
  for (const { place } of seen) {
    const last = places[places.length - 1];
    if (last && last.place === place) last.n++;
    else places.push({ place, n: 1 });
  }
  const groups = places.map(({ place, n }) => el("th", { scope: "colgroup", colspan: n }, el("bdi", {}, place)));
  const names = seen.map((column) => {
    const title = [el("bdi", {}, column.label)];
    if (column.metric.arrow) title.push(el("span", { "aria-hidden": "true" }, " " + column.metric.arrow));
    if (WAYS[column.direction]) title.push(el("span", { class: "sr" }, WAYS[column.direction]));
    const about = [column.metric.name, column.unranked].filter(Boolean).join("; ");
    const props = { class: "num", title: about, note: column.unranked && "not ranked" };
    return sortHead(column.key, title, state, change, props, column.direction > 0 ? "down" : "up");
  });
  return [el("tr", {}, ...own, ...groups), el("tr", {}, ...names)];
};

const boardRow = (row, board, state, looks, signs) => {
  const { place } = row,
    number = (text) => el("td", { class: "num" }, text);
  const none = () => el("td", { class: "num missing" }, dash("not ranked"));
  const categories = row.categories.join(", ");
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, el("bdi", {}, row.label)),
    ranked(row) ? number(printedRank(place, board.methods)) : none(),
    boundsCell(place, board.ranking.total),
    ranked(row) ? number(shown(place.score, board.ranking.digits)) : none(),
    number(row.filled + "/" + board.competing.length),
    categories ? el("td", {}, el("bdi", {}, categories)) : el("td", { class: "missing" }, dash("not stated")),
    ...board.seen.map((column) => valueCell(row, column, state, looks.get(column), signs)),
  );
};
const boundsCell = (place, total) => {
  if (!place) return el("td", { class: "missing" }, dash("not ranked"));
  const bar = el("span", { class: "range", "aria-hidden": "true" });
  bar.style.setProperty("--from", (place.low - 1) / total);
  bar.style.setProperty("--to", place.high / total);
  bar.style.setProperty("--at", ((place.first || place.low) - 0.5) / total);
  bar.classList.toggle("unplaced", !place.first);
  return el("td", { class: "bounds" }, el("span", {}, printedBounds(place, "\u2013")), bar);
};
const valueCell = (row, column, state, { digits, best }, signs) => {
  const list = row.cells.get(column),
    what = row.label + ", " + column.label + " on " + column.datasetName;
  if (!list) {
    const [sign, reason] = gapOf(row, column, state);
    if (sign) signs.add(sign);
    const inside = sign ? gapButton(sign, reason, what) : dash(reason);
    return el("td", { class: "num missing", title: reason }, inside);
  }
  const place = ranked(row) ? best.indexOf(fixed(mean(list), digits)) : -1;
  const flagged = list.some((cell) => cell.flags.length) ? " flagged" : "";
  return el("td", { class: "num" }, valueButton(list, digits, what, (["best", "second"][place] || "") + flagged));
};

/* ---- what the ranking says of itself ---- */
const showRanking = ({ ranking }, state) => {
  const box = byId("refusal"),
    apart = byId("apart"),
    groups = ranking.components;
  box.hidden = !ranking.refused;
  box.textContent = ranking.refused || "";
  byId("transform-field").hidden = state.rule !== "mean";
  byId("about").textContent = ranking.about || "";
  apart.hidden = groups.length < 2;
  apart.replaceChildren();
  if (groups.length < 2) return;
  const names = groups.map((group) => el("li", {}, group.join("; ")));
  apart.append(
    el(
      "p",
      {},
      "The methods fall into " +
        groups.length +
        " groups that share no column: between them a rank rests " +
        "on no comparison.",
    ),
    el("details", {}, el("summary", {}, "The groups"), el("ul", {}, ...names)),
  );
};
