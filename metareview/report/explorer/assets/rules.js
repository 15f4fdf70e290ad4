/* ---- rules: what ranking/rules.py does, on values (m rows, c columns), higher better, NaN missing ---- */
const there = (value) => !Number.isNaN(value);
const columnOf = (values, c) => values.map((row) => row[c]);
const width = (values) => (values.length ? values[0].length : 0);

/* scores are compared to ten decimals: equal sums of the same numbers in another order stay equal */
const tidy = (score) => (Number.isFinite(score) ? Math.round(score * 1e10) / 1e10 + 0 : score);

/* places, 1 for the highest; ties share the mean place ("mean") or the smallest ("min"); NaN has none */
const placesOf = (scores, ties) => {
  const order = scores
    .map((score, n) => n)
    .filter((n) => there(scores[n]))
    .sort((a, b) => scores[b] - scores[a]);
  const places = scores.map(() => NaN);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && scores[order[to + 1]] === scores[order[from]]) to++;
    for (let n = from; n <= to; n++) places[order[n]] = ties === "mean" ? (from + to) / 2 + 1 : from + 1;
    from = to + 1;
  }
  return places;
};
const averaged = (parts) =>
  parts.map((row) => {
    const own = row.filter(there);
    return own.length ? own.reduce((sum, part) => sum + part, 0) / own.length : NaN;
  });
/* values of columns with two methods or more, each column put through `each`, which gets the number of methods */
const perColumn = (values, each) => {
  const out = values.map((row) => row.map(() => NaN));
  for (let c = 0; c < width(values); c++) {
    const column = columnOf(values, c),
      number = column.filter(there).length;
    if (number < 2) continue;
    each(column, number).forEach((part, m) => {
      out[m][c] = part;
    });
  }
  return out;
};

const SCORES = {
  mean: (values) => averaged(values),
  "win-rate": (values) => {
    const beaten = perColumn(values, (column, number) => placesOf(column, "mean").map((place) => number - place));
    const rivals = perColumn(values, (column, number) => column.map((value) => (there(value) ? number - 1 : NaN)));
    const total = (row) => row.filter(there).reduce((sum, part) => sum + part, 0);
    return beaten.map((row, m) => (total(rivals[m]) ? total(row) / total(rivals[m]) : NaN));
  },
  "mean-rank": (values) => averaged(perColumn(values, (column) => placesOf(column, "mean"))).map((rank) => -rank),
  borda: (values, groups) => {
    const share = perColumn(values, (column, number) =>
      placesOf(column, "mean").map((place) => (number - place) / (number - 1)),
    );
    const sets = [...new Set(groups)];
    return averaged(share.map((row) => sets.map((set) => averaged([row.filter((_, c) => groups[c] === set)])[0])));
  },
  "z-score": (values) =>
    averaged(
      perColumn(values, (column, number) => {
        const own = column.filter(there),
          centre = own.reduce((sum, value) => sum + value, 0) / number;
        const spread = Math.sqrt(own.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (number - 1));
        const flat = spread <= 1e-12 * Math.max(1, ...own.map(Math.abs));
        return column.map((value) => (there(value) ? (flat ? 0 : (value - centre) / spread) : NaN));
      }),
    ),
  dominance: (values) => {
    const counts = Array.from({ length: width(values) }, (_, c) => columnOf(values, c).filter(there).length);
    return values.map((own, m) => {
      if (!own.some((value, c) => there(value) && counts[c] > 1)) return NaN;
      return values.reduce(
        (score, other, n) =>
          n === m
            ? score
            : score + Math.sign(own.reduce((margin, value, c) => margin + (value > other[c]) - (value < other[c]), 0)),
        0,
      );
    });
  },
};
const RULES = {
  borda: "two-level Borda",
  "win-rate": "win rate",
  "mean-rank": "mean rank",
  mean: "mean of values",
  "z-score": "z score",
  dominance: "dominance",
};
const POLICIES = { available: "use what is there", complete: "complete block only" };
