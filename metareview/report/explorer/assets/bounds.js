/* ---- rank bounds over all fillings of the missing cells: what ranking/bounds.py derives, family by family ---- */
const LEAST = 0.5e-10;
const limitsOf = (columns) =>
  columns.map(({ direction, metric }) => {
    const low = metric.low ?? -Infinity,
      high = metric.high ?? Infinity;
    return direction > 0 ? { worst: low, best: high } : { worst: -high, best: -low };
  });
const grid = (m) => Array.from({ length: m }, () => new Float64Array(m));

/* a score that grows with each own cell: own cells at one end, all others at the other */
const meanBounds = (values, limits) => {
  const sums = (end) =>
    values.map((row) => {
      let endless = 0,
        finite = 0;
      row.forEach((value, c) => {
        if (there(value)) finite += value;
        else if (Number.isFinite(limits[c][end])) finite += limits[c][end];
        else endless += Math.sign(limits[c][end]);
      });
      return [endless, tidy(finite / row.length)];
    });
  const top = sums("best"),
    bottom = sums("worst");
  const ahead = (others, own, i) =>
    others.filter(
      ([endless, finite], k) => k !== i && (endless > own[i][0] || (endless === own[i][0] && finite > own[i][1])),
    ).length;
  return values.map((_, i) => [1 + ahead(bottom, top, i), 1 + ahead(top, bottom, i)]);
};

/* largest gap of points (others beaten, ties half) of i over k in one column, added to `total` */
const addColumnGap = (total, x, { worst, best }, weight) => {
  const seen = x.filter(there).sort((a, b) => a - b),
    gone = x.length - seen.length;
  const beaten = (value) => {
    let below = 0,
      level = 0;
    for (const other of seen) {
      if (other < value) below++;
      else if (other === value) level++;
      else break;
    }
    return below + level / 2;
  };
  const own = x.map((value) => (there(value) ? 1 : 0));
  const high = x.map((value) => (there(value) ? value : best)),
    low = x.map((value) => (there(value) ? value : worst));
  const mine = high.map((value, i) => beaten(value) - own[i] / 2),
    theirs = low.map((value, k) => beaten(value) - own[k] / 2);
  for (let i = 0; i < x.length; i++) {
    for (let k = 0; k < x.length; k++) {
      if (i === k) continue;
      const duel = Math.sign(high[i] - low[k]);
      const thirds = mine[i] - theirs[k] - ((own[k] * (duel + 1)) / 2 - (own[i] * (1 - duel)) / 2);
      const free = Math.max(0, gone - (1 - own[i]) - (1 - own[k]));
      const extra = duel > 0 ? 1 : duel < 0 && high[i] <= worst && low[k] >= best ? -0.5 : 0;
      total[i][k] += weight * (duel + thirds + free * extra);
    }
  }
};
const pointsGap = (values, limits, weights) => {
  const total = grid(values.length);
  limits.forEach((limit, c) => addColumnGap(total, columnOf(values, c), limit, weights[c]));
  return total.map((row) => row.map((gap) => gap / Math.max(values.length - 1, 1)));
};
const majorityGap = (values, limits) => {
  const m = values.length,
    most = grid(m);
  const high = values.map((row) => row.map((value, c) => (there(value) ? value : limits[c].best)));
  const low = values.map((row) => row.map((value, c) => (there(value) ? value : limits[c].worst)));
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < m; k++) {
      if (i !== k) most[i][k] = Math.sign(high[i].reduce((sum, value, c) => sum + Math.sign(value - low[k][c]), 0));
    }
  }
  const up = most.map((row) => row.reduce((sum, value) => sum + value, 0));
  const down = most.map((_, k) => most.reduce((sum, row) => sum - row[k], 0));
  return most.map((row, i) => row.map((_, k) => up[i] - down[k]));
};

const spreadOfColumn = (x) => {
  const centre = x.reduce((sum, value) => sum + value, 0) / x.length;
  return Math.sqrt(x.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (x.length - 1));
};
/* smallest and largest SD of a column whose missing values are free between worst and best */
const spreads = (seen, gone, { worst, best }) => {
  if (!gone) return [spreadOfColumn(seen), spreadOfColumn(seen)];
  const centre = seen.reduce((sum, value) => sum + value, 0) / seen.length;
  const small = spreadOfColumn([...seen, ...Array(gone).fill(centre)]);
  if (!Number.isFinite(worst) || !Number.isFinite(best)) return [small, Infinity];
  const ends = Array.from({ length: gone + 1 }, (_, up) =>
    spreadOfColumn([...seen, ...Array(up).fill(best), ...Array(gone - up).fill(worst)]),
  );
  return [small, Math.max(...ends)];
};
const zGap = (values, limits) => {
  const m = values.length,
    total = grid(m),
    bound = Math.sqrt(2 * (m - 1));
  limits.forEach((limit, c) => {
    const x = columnOf(values, c),
      seen = x.filter(there);
    const [small, large] = seen.length ? spreads(seen, m - seen.length, limit) : [0, 0];
    for (let i = 0; i < m; i++) {
      for (let k = 0; k < m; k++) {
        const difference = x[i] - x[k];
        let gap = bound;
        if (there(difference)) {
          gap = difference / (difference > 0 ? small : large);
          gap = Math.min(Number.isNaN(gap) ? 0 : gap, bound);
        }
        total[i][k] += gap / limits.length;
      }
    }
  });
  return total;
};

const GAPS = {
  "win-rate": (values, limits) =>
    pointsGap(
      values,
      limits,
      limits.map(() => 1 / limits.length),
    ),
  borda: (values, limits, groups) => {
    const size = (group) => groups.filter((other) => other === group).length,
      sets = new Set(groups).size;
    return pointsGap(
      values,
      limits,
      groups.map((group) => 1 / (size(group) * sets)),
    );
  },
  dominance: majorityGap,
  "z-score": zGap,
};
GAPS["mean-rank"] = GAPS["win-rate"];
const boundsOf = (values, limits, groups, rule) => {
  if (rule === "mean") return meanBounds(values, limits);
  const gap = GAPS[rule](values, limits, groups);
  return values.map((_, i) => [
    1 + gap[i].filter((g, k) => k !== i && g < -LEAST).length,
    1 + gap.filter((row, k) => k !== i && row[i] > LEAST).length,
  ]);
};
