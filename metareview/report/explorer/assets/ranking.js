/* ---- one ranking: missing policy, scale, rule, places, bounds; what ranking/{missing,scales,rank}.py do ---- */
const TRANSFORMS = { "": "refuse to mix", range: "as shares of their ranges", logit: "as logits" };
const GAPLESS = ["win-rate", "dominance"];
const PATTERNS = 14,
  EDGE = 0.0005;

/* the block of methods and columns without gaps that has most cells, then most methods */
const completeBlock = (mask) => {
  const column = (c) => mask.map((row) => (row[c] ? "1" : "0")).join("");
  const codes = Array.from({ length: width(mask) }, (_, c) => column(c));
  const patterns = [...new Set(codes)].sort(),
    number = patterns.map((p) => codes.filter((code) => code === p).length);
  const size = (chosen) => {
    const rows = mask.reduce((count, _, m) => count + chosen.every((k) => patterns[k][m] === "1"), 0);
    return { cells: rows > 1 ? rows * chosen.reduce((sum, k) => sum + number[k], 0) : 0, rows, chosen };
  };
  const more = (a, b) => (b.cells > a.cells || (b.cells === a.cells && b.rows > a.rows) ? b : a);
  const grown = (start) => {
    let found = size([start]);
    for (;;) {
      const rest = patterns.map((_, k) => k).filter((k) => !found.chosen.includes(k));
      if (!rest.length) return found;
      const better = rest.map((k) => size([...found.chosen, k])).reduce(more);
      if (more(found, better) === found) return found;
      found = better;
    }
  };
  let best = { cells: 0, rows: 0, chosen: [] };
  if (patterns.length <= PATTERNS) {
    for (let subset = 1; subset < 2 ** patterns.length; subset++)
      best = more(best, size(patterns.map((_, k) => k).filter((k) => (subset >> k) & 1)));
  } else
    patterns.forEach((_, k) => {
      best = more(best, grown(k));
    });
  if (!best.cells) return { rows: [], columns: [] };
  const rows = mask.map((_, m) => m).filter((m) => best.chosen.every((k) => patterns[k][m] === "1"));
  return { rows, columns: codes.map((_, c) => c).filter((c) => rows.every((m) => mask[m][c])) };
};

/* methods that share columns, directly or through others; the largest set first */
const componentsOf = (names, values) => {
  const group = names.map((_, m) => m);
  for (let c = 0; c < width(values); c++) {
    const inside = group.map((_, m) => m).filter((m) => there(values[m][c])),
      joined = new Set(inside.map((m) => group[m]));
    const first = Math.min(...joined);
    group.forEach((label, m) => {
      if (joined.has(label)) group[m] = first;
    });
  }
  return [...new Set(group)]
    .map((label) => names.filter((_, m) => group[m] === label))
    .sort((a, b) => b.length - a.length);
};

/* the scale on which a mean adds up values of several columns, or why there is none */
const scaled = (values, limits, columns, transform) => {
  const rules = new Map();
  for (const column of columns)
    rules.set(column.metric.key, new Set([...(rules.get(column.metric.key) || []), column.convention]));
  const mixed = [...rules.keys()].sort().find((key) => rules.get(key).size > 1);
  if (mixed) {
    return {
      refused:
        mixed +
        " stands under the conventions " +
        [...rules.get(mixed)].sort().join(", ") +
        ": their values are different numbers " +
        "under one name, and no mean is taken over them. Choose one under Metric, or rank by a rule that compares " +
        "within columns.",
    };
  }
  if (!transform) {
    const scales = new Set(columns.map(({ metric, direction }) => [metric.low, metric.high, direction].join()));
    const bounded = columns.every(({ metric }) => metric.low !== null && metric.high !== null),
      keys = [...rules.keys()].sort();
    if (scales.size > 1 || (keys.length > 1 && !bounded)) {
      return {
        refused:
          "A mean would add up values of " +
          keys.join(", ") +
          ", whose ranges or directions differ. Choose a common scale under " +
          "Metrics of different range, one metric, or a rule that compares within columns.",
      };
    }
    return {
      values,
      limits,
      sign: new Set(columns.map((column) => column.direction)).size === 1 ? columns[0].direction : 1,
    };
  }
  const open = limits.findIndex(({ worst, best }) => !Number.isFinite(worst) || !Number.isFinite(best));
  if (open >= 0) {
    return {
      refused:
        columns[open].label +
        " has no lowest or no highest value, so it has no share of a range. Leave it out, or rank by a rule " +
        "that compares within columns.",
    };
  }
  const share = values.map((row) =>
    row.map((value, c) => (value - limits[c].worst) / (limits[c].best - limits[c].worst)),
  );
  if (transform === "range") return { values: share, limits: limits.map(() => ({ worst: 0, best: 1 })), sign: 1 };
  const edge = Math.log((1 - EDGE) / EDGE),
    inside = (x) => Math.min(Math.max(x, EDGE), 1 - EDGE);
  const logits = share.map((row) => row.map((x) => (there(x) ? Math.log(inside(x) / (1 - inside(x))) : NaN)));
  return { values: logits, limits: limits.map(() => ({ worst: -edge, best: edge })), sign: 1 };
};

const ABOUT = {
  mean: "Score: mean of the values that are there.",
  "win-rate": "Score: share of its head-to-head comparisons within columns that a method wins, ties half.",
  borda: "Score: share of the others beaten, averaged over the columns of a data set, then over data sets.",
  "mean-rank": "Score: mean of the ranks within columns; smaller is better.",
  "z-score": "Score: mean distance from the mean of a column, in standard deviations of the column.",
  dominance: "Score: opponents beaten in most shared columns, minus opponents lost to.",
};
/* table: names of methods, columns, values (m rows, c columns) as printed */
const rankMethods = (table, { rule, missing, transform }) => {
  const none = (refused) => ({
    methods: table.methods.map(() => null),
    total: table.methods.length,
    digits: 3,
    components: [],
    refused,
  });
  if (!table.columns.length)
    return none("No column that can be ranked is chosen: ranks need values of methods on a named data set.");
  if (table.methods.length < 2) return none("One method alone has no rank; choose more.");
  const mask = table.values.map((row) => row.map(there));
  const full = mask.every((row) => row.every(Boolean));
  const block =
    missing === "complete" && !full
      ? completeBlock(mask)
      : { rows: table.methods.map((_, m) => m), columns: table.columns.map((_, c) => c) };
  if (block.rows.length < 2)
    return none("No two methods have a column in common, so there is no complete block. Use what is there instead.");
  const columns = block.columns.map((c) => table.columns[c]);
  const turned = (some) => block.rows.map((m) => some.map((c) => table.values[m][c] * table.columns[c].direction));
  const onScale = (some, own) =>
    rule === "mean"
      ? scaled(turned(some), limitsOf(own), own, transform)
      : { values: turned(some), limits: limitsOf(own), sign: 1 };
  const ranked = onScale(block.columns, columns);
  /* bounds are of the ranked methods among each other, over all columns, gaps and all */
  const whole = onScale(
    table.columns.map((_, c) => c),
    table.columns,
  );
  if (ranked.refused || whole.refused) return none(ranked.refused || whole.refused);
  const scores = SCORES[rule](
      ranked.values,
      columns.map((column) => column.dataset),
    ),
    compared = scores.map(tidy);
  if (!scores.some(there)) return none("No two methods share a column, so nothing can be ranked by comparing them.");
  const ranks = placesOf(compared, "mean"),
    first = placesOf(compared, "min");
  const bounds = boundsOf(
    whole.values,
    whole.limits,
    table.columns.map((column) => column.dataset),
    rule,
  );
  const turn = rule === "mean-rank" ? -1 : ranked.sign,
    methods = table.methods.map(() => null);
  block.rows.forEach((m, n) => {
    const own = { low: bounds[n][0], high: bounds[n][1] };
    methods[m] = there(scores[n])
      ? { score: turn * scores[n] + 0, rank: ranks[n], first: first[n], ...own }
      : { score: null, rank: null, first: null, ...own };
  });
  const said = [ABOUT[rule]];
  if (missing === "complete" && !full) {
    said.push(
      "Complete block: " +
        block.rows.length +
        " of " +
        table.methods.length +
        " methods on " +
        columns.length +
        " of " +
        table.columns.length +
        " columns; the others take no rank.",
    );
  } else if (!full && !GAPLESS.includes(rule)) {
    said.push(
      "This rule is made for full tables: with gaps, methods are scored on different columns, and who reports the " +
        "easier ones gains.",
    );
  }
  const apart = scores.filter((score) => !there(score)).length;
  if (apart)
    said.push(plural(apart, "method has", "methods have") + " no rank: no value compares with another method.");
  return {
    methods,
    total: block.rows.length,
    digits: rule === "dominance" ? 0 : 3,
    about: said.join(" "),
    components: componentsOf(table.methods, table.values),
  };
};
