/* ---- what the reader has chosen; it stands in the address, so that a link shows the same ---- */
const facets = {
  dataset: { title: "Data set", of: (cell) => cell.column.dataset, label: (v) => raw.datasets[v] || v || "not named" },
  target: { title: "Target", of: (cell) => cell.column.target, label: (v) => v || "not stated" },
  metric: {
    title: "Metric",
    of: (cell) => cell.column.rule,
    label: (v) => (columns.find((c) => c.rule === v) || { label: v }).label,
  },
  category: { title: "Category", of: (cell) => cell.run.category, label: (v) => v || "not stated" },
  year: { title: "Year", of: (cell) => cell.run.study.year, label: (v) => v || "not stated" },
  code: {
    title: "Code",
    of: (cell) => cell.run.study.code,
    label: (v) => ({ yes: "available", no: "not available" })[v] || v || "not stated",
  },
  level: { title: "Level", of: (cell) => cell.column.level, label: (v) => LEVELS[v] },
  standing: {
    title: "Standing",
    of: (cell) => cell.standing.split(" ")[0],
    label: (v) => ({ "": "takes part", ablation: "ablation", repeats: "printed again" })[v] || v,
  },
};
for (const facet of Object.values(facets)) {
  facet.counts = new Map();
  for (const cell of cells) facet.counts.set(facet.of(cell), (facet.counts.get(facet.of(cell)) || 0) + 1);
  facet.values = [...facet.counts.keys()].sort((a, b) => collator.compare(facet.label(a), facet.label(b)));
}
const VIEWS = ["board", "cells"];

/* a fresh page shows a board that can be read at once: of the data sets and targets, the one with most values in its
   column of most methods and the columns that at least half as many methods have */
const blockOf = (size, group) => {
  const most = Math.max(...group.map((column) => size.get(column).size));
  const block = group.filter((column) => 2 * size.get(column).size >= most);
  return { block, filled: most < 2 ? 0 : block.reduce((sum, column) => sum + size.get(column).size, 0) };
};
const defaults = () => {
  const size = new Map(),
    groups = new Map();
  for (const cell of cells) {
    const column = cell.column,
      group = column.dataset + "|" + column.target;
    if (column.unranked || cell.standing) continue;
    if (!size.has(column)) {
      size.set(column, new Set());
      groups.set(group, [...(groups.get(group) || []), column]);
    }
    size.get(column).add(cell.run.method);
  }
  const blocks = [...groups].map(([key, group]) => ({ key, ...blockOf(size, group) }));
  const [best] = blocks.sort((a, b) => b.filled - a.filled || (a.key < b.key ? -1 : 1));
  const state = {
    view: "board",
    by: "method",
    rule: "borda",
    missing: "available",
    transform: "",
    q: "",
    sort: "",
    filters: {},
    unknown: [],
  };
  for (const key of Object.keys(facets)) state.filters[key] = new Set();
  if (facets.level.counts.size > 1 && facets.level.counts.has("cell")) state.filters.level.add("cell");
  if (!best) return Object.assign(state, { view: "cells" });
  for (const column of best.block) {
    for (const [key, value] of [
      ["dataset", column.dataset],
      ["target", column.target],
      ["metric", column.rule],
    ]) {
      if (facets[key].counts.size > 1) state.filters[key].add(value);
    }
  }
  return state;
};

const toHash = (state) => {
  const parts = new URLSearchParams();
  for (const key of ["view", "by", "rule", "missing", "transform", "q", "sort"])
    if (state[key]) parts.set(key, state[key]);
  for (const key of Object.keys(facets)) {
    for (const value of [...state.filters[key]].sort()) parts.append(key, value);
  }
  return "#" + parts;
};
/* what the address asks for and the page has not stands in `unknown`, for a notice */
const fromHash = (hash) => {
  const state = defaults(),
    parts = new URLSearchParams(hash.replace(/^#/, ""));
  if (![...parts.keys()].some((key) => key in facets || key in state)) return state;
  const choose = (key, known) => {
    const value = parts.get(key);
    if (known.includes(value)) state[key] = value;
    else if (value) state.unknown.push(key + " " + value);
  };
  choose("view", VIEWS);
  choose("by", Object.keys(NAMINGS));
  choose("rule", Object.keys(RULES));
  choose("missing", Object.keys(POLICIES));
  choose("transform", Object.keys(TRANSFORMS));
  state.q = parts.get("q") || "";
  state.sort = parts.get("sort") || "";
  for (const [key, facet] of Object.entries(facets)) {
    const asked = parts.getAll(key);
    state.filters[key] = new Set(asked.filter((value) => facet.counts.has(value)));
    for (const value of asked)
      if (!facet.counts.has(value)) state.unknown.push(facet.title.toLowerCase() + " " + (value || "without a name"));
  }
  return state;
};

const passes = (cell, state, but = "") =>
  Object.entries(facets).every(
    ([key, facet]) => key === but || !state.filters[key].size || state.filters[key].has(facet.of(cell)),
  );
const found = (state, words) =>
  state.q
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .every((part) => words.includes(part));
