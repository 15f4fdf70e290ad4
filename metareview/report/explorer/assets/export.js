/* ---- the current view as a file; the rules are those of tables/csv.py and tables/tex_escape.py ---- */
const FORMULA = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|^[\t\r]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const neutralise = (value) => (FORMULA.test(value) && !NUMBER.test(value) ? "'" + value : value);
const csvField = (value) => {
  if (value === null || value === undefined) return "";
  const safe = typeof value === "number" ? String(value) : neutralise(String(value));
  return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
};
const csvOf = (rows) => rows.map((row) => row.map(csvField).join(",")).join("\n") + "\n";

const ACCENTS = {
  "\u0300": "`",
  "\u0301": "'",
  "\u0302": "^",
  "\u0303": "~",
  "\u0304": "=",
  "\u0306": "u",
  "\u0307": ".",
  "\u0308": '"',
  "\u030a": "r",
  "\u030b": "H",
  "\u030c": "v",
  "\u0327": "c",
  "\u0323": "d",
  "\u0331": "b",
};
const texCharacter = (char) => {
  if (Object.hasOwn(raw.tex, char)) return raw.tex[char];
  if (char >= " " && char <= "~") return char;
  const [base, ...marks] = [...char.normalize("NFD")];
  if (marks.length === 1 && Object.hasOwn(ACCENTS, marks[0]) && base <= "\u007f") {
    const accent = ACCENTS[marks[0]];
    const dotless = "cdb".includes(accent) ? base : { i: "\\i", j: "\\j" }[base] || base;
    return "\\" + accent + "{" + dotless + "}";
  }
  return "\\mrunicode{" + char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "}{" + char + "}";
};
const escapeTex = (value) =>
  [...String(value).replaceAll("\n", " ")]
    .map(texCharacter)
    .join("")
    .replace(/(?<!\{-\})\{-\}(?!\{-\})/g, "-");

/* ---- what each view holds, as rows of plain values; all columns of the board, also those that are not shown ---- */
const boardTable = ({ shown: rows, columns: every, methods, competing }) => {
  const head = ["method", "rank", "rank_low", "rank_high", "score", "cells", "cells_possible", "category"];
  const placed = (row) => (ranked(row) ? printedRank(row.place, methods) : null);
  const fields = (row) => [
    row.label,
    placed(row),
    row.place && row.place.low,
    row.place && row.place.high,
    ranked(row) ? row.place.score : null,
    row.filled,
    competing.length,
    row.categories.join("; "),
    ...every.map((column) => (row.cells.has(column) ? mean(row.cells.get(column)) : null)),
  ];
  return [[...head, ...every.map((column) => column.key)], ...rows.map(fields)];
};
const sourcesOf = (cell) =>
  cell.refs.map((ref) => [ref.source[0], ref.locator, ref.file + ":" + ref.line].filter(Boolean).join(" ")).join("; ");
const LISTED = {
  method: (c) => c.run.method,
  setting: (c) => c.run.setting,
  study: (c) => c.run.study.id,
  category: (c) => c.run.category,
  year: (c) => c.run.study.year,
  code: (c) => c.run.study.code,
  dataset: (c) => c.column.dataset,
  target: (c) => c.column.target,
  split: (c) => c.column.split,
  evaluation: (c) => c.column.evaluation,
  metric: (c) => c.column.metric.key,
  convention: (c) => c.column.convention,
  level: (c) => c.column.level,
  standing: (c) => c.standing,
  value: (c) => c.value,
  n: (c) => nOf(c),
  uncertainty: (c) => uncertaintyOf(c),
  printed: (c) => (c.refs.length === 1 ? c.refs[0].printed : ""),
  uncertain: (c) => (c.uncertain ? "yes" : ""),
  flags: (c) => c.flags.map((flag) => flag.statement).join("; "),
  sources: sourcesOf,
};
const listTable = () => {
  const each = Object.values(LISTED);
  return [Object.keys(LISTED), ...listed(state).map((cell) => each.map((of) => of(cell)))];
};

/* ---- LaTeX: booktabs; \mrunicode prints what pdfLaTeX has no glyph for as its code point ---- */
const UNICODE =
  "\\ifdefined\\mrunicode\\else\\protected\\def\\mrunicode#1#2{" +
  "\\ifdefined\\Umathchar #2\\else\\texttt{[U+#1]}\\fi}\\fi";
const texTable = (kind, head, rows) => {
  const line = (row) => row.join(" & ") + " \\\\",
    long = kind === "longtable";
  const note = (byId("count").textContent + ". " + choiceOf(state)).replace(/[^ -~]/g, "?");
  const foreign = [head, ...rows].flat().some((field) => field.includes("\\mrunicode"));
  return [
    "% " + note,
    "% needs booktabs" + (long ? " and longtable" : ""),
    ...(foreign ? [UNICODE] : []),
    "\\begin{" + kind + "}{l" + "r".repeat(head.length - 1) + "}",
    "\\toprule",
    line(head),
    "\\midrule",
    ...(long ? ["\\endhead"] : []),
    ...rows.map(line),
    "\\bottomrule",
    "\\end{" + kind + "}",
    "",
  ].join("\n");
};
const texNumber = (value, digits) => shown(value, digits).replace("\u2212", "$-$");
const MISSING_TEX = "{--}";
const boardTex = ({ shown: rows, seen, methods, competing, ranking, rows: all }) => {
  const looks = looksOf(all, seen);
  const value = (row, column) => {
    if (!row.cells.has(column)) return MISSING_TEX;
    const { digits, best } = looks.get(column),
      number = mean(row.cells.get(column));
    const place = ranked(row) ? best.indexOf(fixed(number, digits)) : -1,
      text = texNumber(number, digits);
    return place === 0 ? "\\textbf{" + text + "}" : place === 1 ? "\\underline{" + text + "}" : text;
  };
  const fields = (row) => [
    escapeTex(row.label),
    ranked(row) ? printedRank(row.place, methods) : MISSING_TEX,
    row.place ? printedBounds(row.place, "--") : MISSING_TEX,
    ranked(row) ? texNumber(row.place.score, ranking.digits) : MISSING_TEX,
    row.filled + "/" + competing.length,
    ...seen.map((column) => value(row, column)),
  ];
  const names = seen.map((column) => escapeTex(column.place + " " + column.label + column.metric.arrow));
  return texTable("tabular", ["Method", "Rank", "Bounds", "Score", "Cells", ...names], rows.map(fields));
};
const listTex = () => {
  const field = (one, cell) =>
    one.key === "value" ? texNumber(cell.value, cell.digits) : escapeTex(textOf(one, cell)) || MISSING_TEX;
  const rows = listed(state).map((cell) => fields.map((one) => field(one, cell)));
  return texTable(
    "longtable",
    fields.map((one) => escapeTex(one.title)),
    rows,
  );
};

const exported = (kind) => {
  const board = state.view === "board";
  if (kind === "csv") return csvOf(board ? boardTable(current) : listTable());
  return board ? boardTex(current) : listTex();
};
const save = (kind) => {
  const link = el("a", { download: raw.review.id + "-" + state.view + "." + kind });
  const type = kind === "csv" ? "text/csv" : "application/x-tex";
  link.href = URL.createObjectURL(new Blob([exported(kind)], { type }));
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  say("Saved as " + link.download);
};
