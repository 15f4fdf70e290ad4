/* ---- the list: every value, one row each; rows are made once and only change their order ---- */
const uncertaintyOf = (cell) => (cell.refs.length === 1 ? spreadOf(cell.refs[0]) : "");
const nOf = (cell) => (cell.refs.length === 1 ? cell.refs[0].n : cell.refs.length);
const FIELDS = [
  { key: "method", wide: 11, title: "Method", of: (c) => c.run.method, head: true },
  {
    key: "metric",
    wide: 8.5,
    title: "Metric",
    of: (c) => c.column.label,
    text: (c) => (c.column.label + " " + c.column.metric.arrow).trim(),
  },
  { key: "value", wide: 6, title: "Value", of: (c) => c.value, number: true },
  { key: "dataset", wide: 9, title: "Data set", of: (c) => c.column.datasetName },
  { key: "target", wide: 7.5, title: "Target", of: (c) => c.column.target },
  { key: "setting", wide: 10, title: "Setting", of: (c) => c.run.setting },
  { key: "split", wide: 7.5, title: "Split", of: (c) => c.column.split },
  { key: "uncertainty", wide: 8.5, title: "Uncertainty", of: uncertaintyOf },
  { key: "n", wide: 5, title: "n", of: nOf, number: true, text: (c) => (nOf(c) ? String(nOf(c)) : "") },
  { key: "category", wide: 7.5, title: "Category", of: (c) => c.run.category },
  { key: "study", wide: 9.5, title: "Study", of: (c) => c.run.study.name },
  { key: "year", wide: 5, title: "Year", of: (c) => c.run.study.year, number: true },
  { key: "code", wide: 6.5, title: "Code", of: (c) => c.run.study.code && facets.code.label(c.run.study.code) },
  { key: "level", wide: 7.5, title: "Level", of: (c) => LEVELS[c.column.level] },
  { key: "standing", wide: 7.5, title: "Standing", of: (c) => c.standing },
  {
    key: "audit",
    wide: 9.5,
    title: "Audit",
    of: (c) => c.flags.length || null,
    number: true,
    text: (c) =>
      c.flags.length
        ? plural(c.flags.length, "statement does", "statements do") + " not hold"
        : c.held
          ? plural(c.held, "statement holds", "statements hold")
          : "",
  },
];
const textOf = (field, cell) => (field.text ? field.text(cell) : String(field.of(cell) ?? ""));
/* a column that no value of the review fills is left out */
const fields = FIELDS.filter(
  (field) => ["method", "dataset", "metric", "value"].includes(field.key) || cells.some((cell) => textOf(field, cell)),
);
const STATED = new Set(["year", "code", "category", "n", "uncertainty", "target"]);
const missingText = (key) => (STATED.has(key) ? [dash("not stated")] : []);

const rowOf = (cell) => {
  if (cell.row) return cell.row;
  const describe = cell.run.method + ", " + cell.column.label + " on " + cell.column.datasetName;
  cell.row = el(
    "tr",
    {},
    ...fields.map((field) => {
      if (field.key === "value")
        return el(
          "td",
          { class: "num" },
          valueButton([cell], cell.digits, describe, cell.flags.length ? "flagged" : ""),
        );
      const shownText = textOf(field, cell);
      const content = shownText ? [shownText] : missingText(field.key);
      if (field.head) return el("th", { scope: "row" }, ...content);
      return el("td", { class: (field.number ? "num" : "") + (shownText ? "" : " missing") || null }, ...content);
    }),
  );
  return cell.row;
};
const listed = (state) => {
  const rows = cells.filter((cell) => passes(cell, state) && found(state, cell.search));
  const { key, down } = sortOf(state);
  const field = fields.find((one) => one.key === key);
  return field
    ? ordered(rows, (cell) => (field.key === "year" ? Number(field.of(cell)) || null : field.of(cell)), down)
    : rows;
};
const showList = (state, change) => {
  const table = byId("list"),
    rows = listed(state);
  const head = el(
    "tr",
    {},
    ...fields.map((field) => sortHead(field.key, field.title, state, change, { class: field.number ? "num" : "" })),
  );
  table.tHead.replaceChildren(head);
  if (!table.querySelector("colgroup")) {
    table.tHead.before(
      el(
        "colgroup",
        {},
        ...fields.map((field) => el("col", { class: "w-" + field.key, style: "width: " + field.wide + "rem" })),
      ),
    );
    table.style.minWidth = fields.reduce((sum, field) => sum + field.wide, 0) + "rem";
  }
  fillBody(table, rows, rowOf);
  return rows;
};
