/* ---- what both tables share: heads that sort, and one stop of the Tab key with arrow keys inside ---- */
const sortOf = (state) => ({ key: state.sort.replace(/^-/, ""), down: state.sort.startsWith("-") });
const sortHead = (key, title, state, change, { note: remark, ...props } = {}, first = "up") => {
  const own = sortOf(state),
    active = own.key === key;
  const button = el("button", { type: "button", "data-sort": key }, ...[].concat(title));
  button.addEventListener("click", () => {
    const down = active ? !own.down : first === "down";
    change(
      (next) => {
        next.sort = (down ? "-" : "") + key;
      },
      "Sorted by " + button.textContent.trim() + ", " + (down ? "descending" : "ascending"),
      key,
    );
  });
  return el(
    "th",
    { scope: "col", "aria-sort": active ? (own.down ? "descending" : "ascending") : "none", ...props },
    button,
    remark ? el("small", {}, remark) : null,
  );
};
/* missing stands last, whichever way */
const ordered = (rows, key, down) => {
  const sign = down ? -1 : 1;
  const keyed = rows.map((row, n) => ({ row, n, key: key(row) }));
  const compare =
    typeof (keyed.find((entry) => entry.key !== null && entry.key !== "") || {}).key === "number"
      ? (a, b) => a - b
      : collator.compare;
  keyed.sort((a, b) => {
    const gone = (a.key === null || a.key === "") - (b.key === null || b.key === "");
    if (gone) return gone;
    return (a.key === null || a.key === "" ? 0 : compare(a.key, b.key) * sign) || a.n - b.n;
  });
  return keyed.map((entry) => entry.row);
};

/* the rows that are seen at once, the others when the browser has time: a long table never keeps the reader waiting */
const FIRST = 100,
  CHUNK = 200;
const fillings = new Map();
const idle = window.requestIdleCallback
  ? (work) => requestIdleCallback(work, { timeout: 250 })
  : (work) => setTimeout(work, 30);
const fillBody = (table, rows, build, done = () => {}) => {
  const body = table.tBodies[0],
    turn = {};
  let at = 0;
  const add = (n) => {
    body.append(...rows.slice(at, (at += n)).map(build));
  };
  turn.finish = () => {
    if (fillings.get(table) === turn) {
      add(Infinity);
      fillings.delete(table);
      done();
    }
  };
  const more = () => {
    if (fillings.get(table) !== turn) return;
    if (at + CHUNK >= rows.length) turn.finish();
    else {
      add(CHUNK);
      idle(more);
    }
  };
  fillings.set(table, turn);
  table.setAttribute("aria-rowcount", rows.length + table.tHead.rows.length);
  table.parentElement.scrollTop = 0;
  body.replaceChildren();
  add(FIRST);
  enter(table);
  if (at < rows.length) {
    done();
    idle(more);
  } else turn.finish();
};
const finishTables = () => {
  for (const turn of [...fillings.values()]) turn.finish();
};
const dash = (meaning) => el("span", { role: "img", "aria-label": meaning }, "\u2013");

const startTables = () => {
  addEventListener("beforeprint", finishTables);
  for (const table of document.querySelectorAll("table.mr")) {
    table.addEventListener("click", (event) => {
      const button = event.target.closest("button.value");
      if (button) {
        enter(table, button);
        openCell(button);
      }
    });
    table.addEventListener("keydown", (event) => {
      if (event.target.matches("button.value")) moveFrom(event.target, event);
    });
  }
};
const enter = (table, button) => {
  const old = table.querySelector('button.value[tabindex="0"]');
  if (old) old.tabIndex = -1;
  const target = button || table.querySelector("tbody button.value");
  if (target) target.tabIndex = 0;
};
const moveFrom = (button, event) => {
  const cell = button.closest("td"),
    row = cell.parentElement,
    rows = [...row.parentElement.rows];
  const inRow = (r) => [...r.querySelectorAll("button.value")];
  let target = null;
  if (event.key === "ArrowRight") target = inRow(row)[inRow(row).indexOf(button) + 1];
  else if (event.key === "ArrowLeft") target = inRow(row)[inRow(row).indexOf(button) - 1];
  else if (event.key === "Home") target = inRow(row)[0];
  else if (event.key === "End") target = inRow(row).pop();
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    for (let n = rows.indexOf(row) + step; rows[n] && !target; n += step) {
      target = rows[n].cells[cell.cellIndex] && rows[n].cells[cell.cellIndex].querySelector("button.value");
    }
  } else return;
  event.preventDefault();
  if (!target) return;
  enter(button.closest("table"), target);
  target.focus();
  target.scrollIntoView({ block: "nearest", inline: "nearest" }); /* out from under heads and first column */
};
