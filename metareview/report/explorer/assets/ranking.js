/* ---- one ranking: missing policy, rule, places, bounds ---- */
const TRANSFORMS = { "": "refuse", range: "put on their ranges", logit: "logit" };
const rankMethods = (table, state) => {
  const values = table.values.map((row) => row.map((value, c) => value * table.columns[c].direction));
  const scores = SCORES[state.rule](values, table.columns.map((column) => column.dataset)).map(tidy);
  const ranks = placesOf(scores, "mean"), bounds = boundsOf(values, limitsOf(table.columns), table.columns.map((column) => column.dataset), state.rule);
  return { methods: scores.map((score, m) => there(score) ? { score, rank: ranks[m], low: bounds[m][0], high: bounds[m][1] } : null),
    total: values.length, digits: 3, components: [], about: "" };
};
