/* ---- the current view as a file; the rules are those of tables/csv.py and tables/tex_escape.py ---- */
const FORMULA = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|^[\t\r]/, NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const neutralise = (value) => FORMULA.test(value) && !NUMBER.test(value) ? "'" + value : value;
const csvField = (value) => {
  if (value === null || value === undefined) return "";
  const safe = typeof value === "number" ? String(value) : neutralise(String(value));
  return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
};
const csvOf = (rows) => rows.map((row) => row.map(csvField).join(",")).join("\n") + "\n";

const ACCENTS = { "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
  "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0323": "d", "\u0331": "b" };
const texCharacter = (char) => {
  if (Object.hasOwn(raw.tex, char)) return raw.tex[char];
  if (char >= " " && char <= "~") return char;
  const [base, ...marks] = [...char.normalize("NFD")];
  if (marks.length === 1 && Object.hasOwn(ACCENTS, marks[0]) && base <= "\u007f") {
    const accent = ACCENTS[marks[0]];
    return "\\" + accent + "{" + ("cdb".includes(accent) ? base : { i: "\\i", j: "\\j" }[base] || base) + "}";
  }
  return "\\mrunicode{" + char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "}{" + char + "}";
};
const escapeTex = (value) => [...String(value).replaceAll("\n", " ")].map(texCharacter).join("")
  .replace(/(?<!\{-\})\{-\}(?!\{-\})/g, "-");

/* ---- what each view holds, as rows of plain values ---- */
const boardTable = () => {
  const { rows, columns: shownColumns } = current.shown, { methods, ranking, competing } = current;
  const head = ["method", "rank", "rank_low", "rank_high", "score", "cells", "cells_possible", "category",
    ...shownColumns.map((column) => column.key)];
  return [head, ...rows.map((row) => [row.label, ranked(row) ? printedRank(row.place, methods) : null,
    row.place && row.place.low, row.place && row.place.high, ranked(row) ? row.place.score : null, row.filled, competing.length,
    row.categories.join("; "), ...shownColumns.map((column) => row.cells.has(column) ? mean(row.cells.get(column)) : null)])];
};
const listTable = () => {
  const head = ["method", "setting", "study", "category", "year", "code", "dataset", "target", "split", "evaluation", "metric",
    "convention", "level", "standing", "value", "n", "uncertainty", "printed", "uncertain", "flags", "sources"];
  return [head, ...listed(state).map((cell) => {
    const { run, column } = cell;
    return [run.method, run.setting, run.study.id, run.category, run.study.year, run.study.code, column.dataset, column.target,
      column.split, column.evaluation, column.metric.key, column.convention, column.level, cell.standing, cell.value, nOf(cell),
      uncertaintyOf(cell), cell.refs.length === 1 ? cell.refs[0].printed : "", cell.uncertain ? "yes" : "",
      cell.flags.map((flag) => flag.statement).join("; "),
      cell.refs.map((ref) => [ref.source[0], ref.locator, ref.file + ":" + ref.line].filter(Boolean).join(" ")).join("; ")];
  })];
};

/* ---- LaTeX: booktabs; \mrunicode prints what pdfLaTeX has no glyph for as its code point ---- */
const UNICODE = "\\ifdefined\\mrunicode\\else\\protected\\def\\mrunicode#1#2{\\ifdefined\\Umathchar #2\\else\\texttt{[U+#1]}\\fi}\\fi";
const texTable = (kind, head, rows, note) => {
  const line = (row) => row.join(" & ") + " \\\\";
  const body = [head, ...rows].flat().some((field) => field.includes("\\mrunicode")) ? [UNICODE] : [];
  const begin = "\\begin{" + kind + "}{" + head.map((_, n) => n ? "r" : "l").join("") + "}";
  return ["% " + note.replace(/[^ -~]/g, "?"), "% needs booktabs" + (kind === "longtable" ? " and longtable" : ""), ...body, begin, "\\toprule",
    line(head), "\\midrule", ...(kind === "longtable" ? ["\\endhead"] : []), ...rows.map(line), "\\bottomrule", "\\end{" + kind + "}", ""].join("\n");
};
const texNumber = (value, digits) => shown(value, digits).replace("\u2212", "$-$");
const boardTex = () => {
  const { rows, columns: shownColumns } = current.shown, { methods, ranking } = current;
  const looks = shownColumns.map((column) => {
    const digits = digitsOf(current.rows, column);
    return { column, digits, best: column.unranked ? [] : bestOf(current.rows, column, digits) };
  });
  const head = ["Method", "Rank", "Bounds", "Score", "Cells", ...shownColumns.map((column) => escapeTex(column.place + " " + column.label + column.metric.arrow))];
  const body = rows.map((row) => [escapeTex(row.label), ranked(row) ? printedRank(row.place, methods) : "{--}",
    row.place ? (row.place.low === row.place.high ? String(row.place.low) : row.place.low + "--" + row.place.high) : "{--}",
    ranked(row) ? texNumber(row.place.score, ranking.digits) : "{--}", row.filled + "/" + current.competing.length,
    ...looks.map(({ column, digits, best }) => {
      if (!row.cells.has(column)) return "{--}";
      const value = mean(row.cells.get(column)), place = ranked(row) ? best.indexOf(fixed(value, digits)) : -1;
      const number = texNumber(value, digits);
      return place === 0 ? "\\textbf{" + number + "}" : place === 1 ? "\\underline{" + number + "}" : number;
    })]);
  return texTable("tabular", head, body, byId("count").textContent + ". " + choiceOf(state));
};
const listTex = () => {
  const body = listed(state).map((cell) => fields.map((field) => field.key === "value" ? texNumber(cell.value, cell.digits)
    : escapeTex(textOf(field, cell)) || "{--}"));
  return texTable("longtable", fields.map((field) => escapeTex(field.title)), body, byId("count").textContent + ". " + choiceOf(state));
};
const exported = (kind) => {
  const board = state.view === "board";
  return kind === "csv" ? csvOf(board ? boardTable() : listTable()) : board ? boardTex() : listTex();
};
const save = (kind) => {
  const link = el("a", { download: raw.review.id + "-" + state.view + "." + kind });
  link.href = URL.createObjectURL(new Blob([exported(kind)], { type: kind === "csv" ? "text/csv" : "application/x-tex" }));
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  say("Saved the " + (state.view === "board" ? "board" : "list") + " as " + link.download);
};
