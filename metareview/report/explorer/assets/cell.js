/* ---- one value: its mark in a table, and the dialog that says where it comes from ---- */
const marksOf = (list) => {
  const signs = [];
  if (list.length > 1 || list[0].refs.length > 1) signs.push(["*", "computed here as a mean"]);
  if (list.some((cell) => cell.flags.length))
    signs.push(["\u2021", "a statement with this figure does not hold as printed"]);
  if (list.some((cell) => cell.uncertain)) signs.push(["?", "the reading is inferred"]);
  return signs;
};
const mean = (list) =>
  list.length === 1
    ? list[0].value
    : toNumber(exactMean(list.map((cell) => exactMean(cell.refs.map((ref) => decimal(ref.value))))));
const valueButton = (list, digits, describe, css = "") => {
  const button = el(
    "button",
    { type: "button", class: ("value " + css).trim(), tabindex: "-1", "aria-haspopup": "dialog" },
    shown(mean(list), digits),
  );
  for (const [sign, meaning] of marksOf(list)) {
    button.append(el("sup", { "aria-hidden": "true" }, sign), el("span", { class: "sr" }, ", " + meaning));
  }
  button.cells = list;
  button.describe = describe;
  return button;
};

const gapButton = (sign, reason, describe) => {
  const button = el(
    "button",
    { type: "button", class: "value", tabindex: "-1", "aria-haspopup": "dialog" },
    dash(reason),
    el("sup", { "aria-hidden": "true" }, sign),
  );
  Object.assign(button, { reason, describe });
  return button;
};

const pair = (term, ...parts) => (parts.some(Boolean) ? [el("dt", {}, term), el("dd", {}, ...parts)] : []);
const spreadOf = (ref) => {
  const parts = [];
  if (ref.sd !== null && ref.sd !== undefined) {
    parts.push("SD " + ref.sd + ({ 0: " (population)", 1: " (sample)" }[ref.ddof] || ""));
  }
  if (ref.se !== null && ref.se !== undefined) parts.push("SE " + ref.se);
  if (ref.low !== null && ref.low !== undefined) parts.push("95% interval " + ref.low + " to " + ref.high);
  return parts.join("; ");
};
const refItem = (ref, cell) =>
  el(
    "li",
    {},
    el("span", { class: "where" }, [ref.source[1], ref.locator].filter(Boolean).join(", ")),
    el(
      "dl",
      {},
      ...pair("Unit", ref.unit),
      ...pair("Value", cell.refs.length > 1 && String(ref.value)),
      ...pair("Printed as", ref.printed ? el("q", {}, ref.printed) : "not recorded"),
      ...pair("n", ref.n ? ref.n + (ref.nOf ? " " + ref.nOf : "") : "not stated"),
      ...pair("Uncertainty", spreadOf(ref) || "not stated"),
      ...pair("Reading", ref.uncertain && "inferred, not certain"),
      ...pair("Note", ref.note),
      ...pair("Document", ref.source[0]),
      ...pair("Our row", ref.file + ":" + ref.line),
    ),
  );
const flagItem = (flag) =>
  el(
    "li",
    {},
    el("strong", {}, flag.statement),
    " (" + flag.place + "): ",
    el("span", { class: "doubt" }, flag.verdict),
    ". ",
    flag.explanation,
    flag.assumption ? " Assuming: " + flag.assumption + "." : "",
  );
const auditOf = (cell) => {
  if (cell.flags.length) return el("ul", {}, ...cell.flags.map(flagItem));
  return cell.held
    ? "no contradiction: " + plural(cell.held, "statement") + " with this figure hold" + (cell.held === 1 ? "s" : "")
    : "no audited statement takes in this figure";
};
const cellSection = (cell) => {
  const { column, run } = cell;
  return el(
    "section",
    {},
    el(
      "dl",
      { class: "facts" },
      ...pair(
        "Value",
        shown(cell.value, cell.digits) + (cell.refs.length > 1 ? " (mean of " + cell.refs.length + " units)" : ""),
      ),
      ...pair("Setting", run.setting),
      ...pair("Standing", cell.standing && cell.standing + "; it takes no rank"),
    ),
    el("h3", {}, cell.refs.length > 1 ? "Sources" : "Source"),
    el("ol", { class: cell.refs.length > 1 ? "refs" : "refs one" }, ...cell.refs.map((ref) => refItem(ref, cell))),
    el("h3", {}, "Audit"),
    el("div", { class: "audit" }, auditOf(cell)),
    el("h3", {}, "Study"),
    el(
      "dl",
      { class: "facts" },
      ...pair("Study", run.study.name),
      ...pair("Year", run.study.year || "not stated"),
      ...pair("Category", run.category || "not stated"),
      ...pair("Code", facets.code.label(run.study.code)),
      ...pair("Level", LEVELS[column.level]),
      ...pair("Origin", run.origin),
    ),
  );
};
const columnSection = (column) =>
  el(
    "section",
    {},
    el("h3", {}, "What is compared"),
    el(
      "dl",
      { class: "facts" },
      ...pair("Data set", column.datasetName),
      ...pair("Target", column.target || "not stated"),
      ...pair("Split", column.split),
      ...pair("Evaluation", column.evaluation),
      ...pair("Mean of", column.basis),
      ...pair("Metric", column.metric.name + " " + column.metric.arrow),
      ...pair("Convention", column.convention === "unstated" ? "not stated" : column.convention),
      ...pair("Defined as", column.metric.definition),
    ),
  );
const openCell = (button) => {
  const dialog = byId("cell"),
    list = button.cells;
  byId("cell-title").textContent = button.describe;
  if (button.reason)
    byId("cell-body").replaceChildren(el("p", {}, "No value here: " + button.reason + ". It counts as missing."));
  else fillCell(list);
  dialog.showModal();
  byId("cell-body").scrollTop = 0;
};
const fillCell = (list) => {
  const several =
    "Mean of " + list.length + " values: " + shown(mean(list), Math.max(...list.map((cell) => cell.digits)) + 1);
  byId("cell-body").replaceChildren(
    ...(list.length > 1 ? [el("p", {}, several)] : []),
    ...list.map(cellSection),
    columnSection(list[0].column),
  );
};
