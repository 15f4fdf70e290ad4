/* ---- filters: one fold of checkboxes each; nothing ticked means all ---- */
const FEW = 3;
const startFilters = (change) => {
  for (const [key, facet] of Object.entries(facets)) {
    if (facet.values.length < 2) continue;
    const boxes = facet.values.map((value) => {
      const box = el("input", { type: "checkbox", value });
      box.addEventListener("change", () => {
        const next = new Set(facet.boxes.filter((b) => b.checked).map((b) => b.value));
        change(
          (state) => {
            state.filters[key] = next;
          },
          facet.title + ": " + chosen(facet, next),
        );
      });
      return box;
    });
    facet.boxes = boxes;
    facet.summary = el("summary", {}, facet.title);
    const list = el(
      "div",
      { class: "boxes", role: "group", "aria-label": facet.title },
      ...boxes.map((box) =>
        el("label", {}, box, " ", el("bdi", {}, facet.label(box.value)), " ", el("span", { class: "quiet" })),
      ),
    );
    const none = el(
      "button",
      {
        type: "button",
        onclick: () => {
          change((state) => {
            state.filters[key] = new Set();
          }, facet.title + ": all");
        },
      },
      "Take all",
    );
    facet.rest = el("p", { class: "rest quiet" });
    const pop = el("div", { class: "pop" }, none, list, facet.rest);
    facet.fold = el("details", { class: "pick", "data-facet": key }, facet.summary, pop);
    facet.fold.addEventListener("toggle", () => {
      if (facet.fold.open)
        for (const other of document.querySelectorAll("details.pick[open]"))
          if (other !== facet.fold) other.open = false;
    });
    facet.fold.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !facet.fold.contains(event.relatedTarget)) facet.fold.open = false;
    });
    byId("filters").append(facet.fold);
  }
  document.addEventListener("click", (event) => {
    for (const fold of document.querySelectorAll("details.pick[open]"))
      if (!fold.contains(event.target)) fold.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const fold = event.key === "Escape" && document.querySelector("details.pick[open]");
    if (!fold) return;
    fold.open = false;
    if (fold.contains(document.activeElement)) fold.querySelector("summary").focus();
  });
};
const chosen = (facet, values) => {
  if (!values.size) return "all";
  const names = facet.values.filter((value) => values.has(value)).map(facet.label);
  return names.length <= FEW ? names.join(", ") : names.length + " of " + facet.values.length;
};
const showFilters = (state) => {
  for (const [key, facet] of Object.entries(facets)) {
    if (!facet.fold) continue;
    const counts = new Map();
    for (const cell of cells)
      if (passes(cell, state, key)) counts.set(facet.of(cell), (counts.get(facet.of(cell)) || 0) + 1);
    let gone = 0;
    for (const box of facet.boxes) {
      box.parentElement.lastChild.textContent = String(counts.get(box.value) || 0);
      box.parentElement.hidden = !counts.has(box.value) && !state.filters[key].has(box.value);
      gone += box.parentElement.hidden;
    }
    facet.rest.textContent = gone ? plural(gone, "more has", "more have") + " no value under the other filters" : "";
    facet.summary.replaceChildren(facet.title + ": ", el("bdi", {}, chosen(facet, state.filters[key])));
    facet.fold.classList.toggle("active", state.filters[key].size > 0);
    for (const box of facet.boxes) box.checked = state.filters[key].has(box.value);
  }
};
/* the choices in a sentence, for paper and for files */
const choiceOf = (state) =>
  [
    ...(state.view === "board"
      ? [
          "Ranked by " + RULES[state.rule],
          "missing cells: " + POLICIES[state.missing],
          "a row is: " + NAMINGS[state.by][0].toLowerCase(),
        ]
      : []),
    ...Object.entries(facets)
      .filter(([key]) => state.filters[key].size)
      .map(([key, facet]) => facet.title + ": " + chosen(facet, state.filters[key])),
    ...(state.q.trim() ? ["search: " + state.q.trim()] : []),
  ].join("; ");
