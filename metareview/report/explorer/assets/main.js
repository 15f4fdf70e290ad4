/* ---- one loop: a choice changes the state, the state is written to the address, and the page shows it ---- */
let state = fromHash(location.hash);
let current = null;

const change = (edit, message, focusSort) => {
  const before = state.view;
  state.unknown = [];
  edit(state);
  if (before !== state.view) state.sort = "";
  history.replaceState(null, "", toHash(state));
  show();
  if (focusSort) {
    const table = byId(state.view === "board" ? "board" : "list");
    const button = [...table.querySelectorAll("thead button[data-sort]")].find((one) => one.dataset.sort === focusSort);
    if (button) button.focus();
  }
  say([message, byId("count").textContent].filter(Boolean).join(". "));
};

const fillSelect = (select, options, value) => {
  select.replaceChildren(...Object.entries(options).map(([key, label]) => el("option", { value: key }, label)));
  select.value = value;
};
const show = () => {
  const board = state.view === "board";
  for (const radio of document.querySelectorAll('input[name="view"]')) radio.checked = radio.value === state.view;
  byId("board-view").hidden = !board;
  byId("list-view").hidden = board;
  byId("ranking").hidden = !board;
  if (document.activeElement !== byId("search")) byId("search").value = state.q;
  for (const key of ["by", "rule", "missing", "transform"]) byId(key).value = state[key];
  showFilters(state);
  let any;
  if (board) {
    current = boardOf(state);
    showBoard(current, state, change);
    byId("count").textContent = boardCount(current);
    any = current.rows.length;
  } else {
    current = null;
    const rows = showList(state, change);
    any = rows.length;
    byId("count").textContent =
      rows.length === cells.length
        ? "All " + plural(rows.length, "value")
        : rows.length + " of " + plural(cells.length, "value");
  }
  byId("choice").textContent = choiceOf(state);
  byId("unknown").hidden = !state.unknown.length;
  byId("unknown").textContent =
    "The address of this page asks for " + state.unknown.join(", ") + ", which is not in this review; it was left out.";
  byId("nothing").hidden = any > 0;
};

const start = () => {
  if (!cells.length) return;
  byId("app").hidden = false;
  startTheme();
  startFilters(change);
  startTables();
  fillSelect(byId("by"), Object.fromEntries(Object.entries(NAMINGS).map(([key, [title]]) => [key, title])), state.by);
  fillSelect(byId("rule"), RULES, state.rule);
  fillSelect(byId("missing"), POLICIES, state.missing);
  fillSelect(byId("transform"), TRANSFORMS, state.transform);
  for (const key of ["by", "rule", "missing", "transform"]) {
    byId(key).addEventListener("change", (event) => {
      const name = event.target.selectedOptions[0].textContent;
      change((next) => {
        next[key] = event.target.value;
        if (key !== "by") next.sort = "";
      }, name);
    });
  }
  for (const radio of document.querySelectorAll('input[name="view"]')) {
    radio.addEventListener("change", () =>
      change((next) => {
        next.view = radio.value;
      }),
    );
  }
  let typing = 0;
  byId("search").addEventListener("input", (event) => {
    clearTimeout(typing);
    typing = setTimeout(
      () =>
        change((next) => {
          next.q = event.target.value;
        }),
      120,
    );
  });
  byId("clear").addEventListener("click", () =>
    change((next) => {
      next.q = "";
      byId("search").value = "";
      for (const key of Object.keys(facets)) next.filters[key] = new Set();
    }, "All filters cleared"),
  );
  byId("again").addEventListener("click", () =>
    change((next) => {
      byId("search").value = "";
      Object.assign(next, defaults());
    }, "Start again"),
  );
  byId("choices").addEventListener("click", () => {
    const open = document.querySelector("form").classList.toggle("open");
    byId("choices").setAttribute("aria-expanded", String(open));
  });
  byId("csv").addEventListener("click", () => save("csv"));
  byId("tex").addEventListener("click", () => save("tex"));
  byId("close").addEventListener("click", () => byId("cell").close());
  byId("cell").addEventListener("click", (event) => {
    if (event.target === byId("cell")) byId("cell").close();
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); /* the address holds the state */
    byId("content").focus();
  });
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", () => {
    state = fromHash(location.hash);
    show();
  });
  show();
  /* for the console, and for tests */
  window.explorer = {
    rankMethods,
    exported,
    escapeTex,
    neutralise,
    csvField,
    fixed,
    cells,
    columns,
    state: () => state,
    board: () => current,
    settle: finishTables,
    go: (hash) => {
      state = fromHash(hash);
      show();
    },
  };
};
start();
