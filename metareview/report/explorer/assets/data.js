/* ---- the values, as encode.py wrote them ---- */
const raw = JSON.parse(document.getElementById("data").textContent);
const reader = (items) => {
  const at = (n) => (Array.isArray(items[n]) ? items[n].map(at).join("; ") : items[n]);
  return (n) => (Array.isArray(n) ? at(n[0]).replace("\u0000", () => n[1]) : at(n || 0));
};
const text = reader(raw.texts),
  word = reader(raw.words),
  locator = reader(raw.locators),
  note = reader(raw.notes);

const metrics = raw.metrics.map(([key, short, name, definition, direction, low, high]) => ({
  key,
  short,
  name,
  definition,
  direction,
  low,
  high,
  arrow: { 1: "\u2191", "-1": "\u2193" }[direction] || "",
}));
const LEVELS = {
  cell: "one data set",
  study_mean: "mean over data sets",
  range_low: "lower end of a range",
  range_high: "upper end of a range",
};

const columns = raw.columns.map(([dataset, metric, target, convention, split, evaluation, level, basis], id) => {
  const column = {
    id,
    dataset: text(dataset),
    metric: metrics[metric || 0],
    target: text(target),
    convention: text(convention),
    split: text(split),
    evaluation: text(evaluation),
    level: text(level),
    basis: text(basis),
  };
  const named = column.convention === "unstated" ? "" : ":" + column.convention;
  column.rule = column.metric.key + named;
  column.label = column.metric.short + named;
  column.direction = column.metric.direction;
  column.datasetName = raw.datasets[column.dataset] || (column.dataset ? column.dataset : "data set not named");
  column.place = [
    column.datasetName,
    column.target,
    column.split,
    column.evaluation,
    column.basis && "mean of " + column.basis,
    column.level === "cell" ? "" : LEVELS[column.level],
  ]
    .filter(Boolean)
    .join(" \u00b7 ");
  column.key = [
    column.dataset,
    column.target,
    column.rule,
    column.split,
    column.evaluation,
    column.basis,
    column.level === "cell" ? "" : column.level,
  ]
    .filter(Boolean)
    .join("|");
  column.unranked =
    column.level !== "cell"
      ? LEVELS[column.level] + ": not ranked"
      : !column.direction
        ? "neither direction is better: not ranked"
        : !column.dataset
          ? "data set not named: not ranked"
          : "";
  return column;
});

const studyOf = (id) => {
  const [name, year, code] = raw.studies[id] || [id, "", ""];
  return { id, name, year, code };
};
const runs = raw.runs.map(([method, setting, study, category, origin]) => ({
  method: text(method),
  setting: text(setting),
  study: studyOf(text(study)),
  category: text(category),
  origin: text(origin),
}));
const flags = raw.flags.map((row) => {
  const [verdict, statement, explanation, assumption, place] = row.map(text);
  return { verdict, statement, explanation, assumption: assumption || "", place: place || "" };
});

let nextRef = 0,
  lastLine = 0;
const printedOf = (code, value, digits) =>
  code === -1
    ? fixed(value, digits)
    : code === -2
      ? String(value)
      : code === -3
        ? fixed(value, digits - 2, 2)
        : word(code);
const refOf = (row, cell) => {
  const [step, where, printed, remark, n, nOf, sd, ddof, uncertain, unit, value, se, low, high, file] = row;
  const [source, place] = raw.places[where || 0];
  lastLine += step;
  const own = value === undefined || value === null ? cell.value : value;
  return {
    line: lastLine,
    locator: locator(place),
    source: raw.sources[source || 0],
    note: note(remark),
    n: n || null,
    nOf: word(nOf),
    printed: printedOf(printed || 0, own, cell.digits),
    sd,
    se,
    low,
    high,
    ddof: word(ddof),
    uncertain: Boolean(uncertain),
    unit: word(unit),
    value: own,
    file: file ? word(file) : "results.csv",
  };
};

const cells = raw.cells.map(([column, run, value, digits, more, held, standing, marks], id) => {
  const cell = {
    id,
    column: columns[column],
    run: runs[run || 0],
    value,
    digits: digits || 0,
    held: held || 0,
    standing: text(standing),
    flags: (marks || []).map((n) => flags[n]),
  };
  cell.refs = raw.refs.slice(nextRef, (nextRef += (more || 0) + 1)).map((row) => refOf(row, cell));
  cell.uncertain = cell.refs.some((ref) => ref.uncertain);
  cell.search = [
    cell.run.method,
    cell.run.setting,
    cell.run.study.name,
    cell.run.study.id,
    cell.run.category,
    cell.column.datasetName,
    cell.column.dataset,
    cell.column.target,
    cell.column.label,
    cell.column.rule,
    cell.column.split,
  ]
    .join(" ")
    .toLowerCase();
  return cell;
});
const gaps = raw.gaps.map(([run, column, reason]) => ({
  run: runs[run],
  column: columns[column],
  reason: text(reason),
}));

/* what a row of the board is called: the parts that name it, joined (method_label in Python does the same) */
const NAMINGS = {
  method: ["Method", (run) => run.method],
  setting: ["Method and setting", (run) => [run.method, run.setting].filter(Boolean).join(", ")],
  study: ["Method, setting and study", (run) => [run.method, run.setting, run.study.id].filter(Boolean).join(", ")],
};
