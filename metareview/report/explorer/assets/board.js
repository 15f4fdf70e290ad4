/* ---- the board: methods by columns, and their ranking ---- */
const byText = (of) => (a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0);

const boardOf = (state) => {
  const name = NAMINGS[state.by][1],
    rows = new Map();
  const pool = cells.filter((cell) => !cell.standing && passes(cell, state));
  for (const cell of pool) {
    const label = name(cell.run);
    if (!rows.has(label)) rows.set(label, { label, cells: new Map(), runs: new Set() });
    const row = rows.get(label);
    row.runs.add(cell.run);
    if (!row.cells.has(cell.column)) row.cells.set(cell.column, []);
    row.cells.get(cell.column).push(cell);
  }
  const inOrder = [...new Set(pool.map((cell) => cell.column))].sort(byText((column) => column.key));
  const competing = inOrder.filter((column) => !column.unranked);
  const every = [...competing, ...inOrder.filter((column) => column.unranked)];
  const methods = [...rows.values()]
    .filter((row) => competing.some((column) => row.cells.has(column)))
    .sort(byText((row) => row.label));
  const valueOf = (row, column) => (row.cells.has(column) ? mean(row.cells.get(column)) : NaN);
  const values = methods.map((row) => competing.map((column) => valueOf(row, column)));
  const ranking = rankMethods({ methods: methods.map((row) => row.label), columns: competing, values }, state);
  methods.forEach((row, n) => {
    row.place = ranking.methods[n];
  });
  for (const row of rows.values()) {
    row.filled = competing.filter((column) => row.cells.has(column)).length;
    row.categories = [...new Set([...row.runs].map((run) => run.category))].filter(Boolean).sort();
    row.words = [row.label, ...[...row.cells.values()].flat().map((cell) => cell.search)].join(" ").toLowerCase();
  }
  return { rows: [...rows.values()], columns: every, competing, methods, ranking };
};
const boardCount = ({ competing, methods }) => {
  const filled = methods.reduce((sum, row) => sum + row.filled, 0);
  return [
    plural(methods.length, "method"),
    plural(competing.length, "column"),
    filled + " of " + methods.length * competing.length + " cells filled",
  ].join(", ");
};
const ranked = (row) => Boolean(row.place && row.place.rank);

/* ---- order of rows ---- */
const boardKey = (key) => {
  if (key === "method") return (row) => row.label;
  if (key === "category") return (row) => row.categories.join(", ");
  if (key === "filled") return (row) => row.filled;
  if (key === "score") return (row) => (row.place ? row.place.score : null);
  if (key === "bounds") return (row) => (row.place ? row.place.low + row.place.high / 1e6 : null);
  const column = columns.find((one) => one.key === key);
  if (column) return (row) => (row.cells.has(column) ? mean(row.cells.get(column)) : null);
  return (row) => (row.place ? row.place.rank : null);
};
const boardRows = (board, state) => {
  const { key, down } = sortOf(state);
  const base = [...board.rows].sort(byText((row) => row.label));
  return ordered(base, boardKey(key), down).filter((row) => found(state, row.words));
};

/* ---- why a cell is empty: a sign for the legend, and the reason ---- */
const SIGNS = {
  "\u2020": "a result was read and left out; open it for the reason",
  "\u00a7": "reported under another convention; open it for which",
};
const gapOf = (row, column, state) => {
  const name = NAMINGS[state.by][1];
  const left = gaps.find((gap) => gap.column === column && name(gap.run) === row.label);
  if (left) return ["\u2020", "left out: " + left.reason];
  const beside = (other) =>
    other.rule !== column.rule &&
    other.metric === column.metric &&
    other.dataset === column.dataset &&
    other.target === column.target;
  const cell = row.others.find((one) => beside(one.column));
  return cell ? ["\u00a7", "reported under another convention: " + cell.column.label] : ["", "not reported"];
};

/* ---- how a column is printed: its digits, and its values from the best, ties as printed together ---- */
const digitsOf = (rows, column) => {
  const list = rows.flatMap((row) => row.cells.get(column) || []);
  return Math.max(0, ...list.map((cell) => cell.digits));
};
const bestOf = (rows, column, digits) => {
  const texts = new Map();
  for (const row of rows) {
    if (!ranked(row) || !row.cells.has(column)) continue;
    const value = mean(row.cells.get(column));
    texts.set(fixed(value, digits), value * column.direction);
  }
  const order = [...texts].sort((a, b) => b[1] - a[1]).map(([shownAs]) => shownAs);
  return order.length > 1 ? order : [];
};
const looksOf = (rows, some) =>
  new Map(
    some.map((column) => {
      const digits = digitsOf(rows, column);
      return [column, { digits, best: column.unranked ? [] : bestOf(rows, column, digits) }];
    }),
  );
const printedRank = (place, methods) =>
  place.first + (methods.filter((row) => row.place && row.place.first === place.first).length > 1 ? "=" : "");
const printedBounds = (place, joint) => (place.low === place.high ? String(place.low) : place.low + joint + place.high);
