/* ---- elements; text from the spreadsheets only ever becomes text nodes ---- */
const el = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};
const byId = (id) => document.getElementById(id);
const root = document.documentElement;
const say = (message) => {
  const live = byId("spoken");
  live.textContent = "";
  requestAnimationFrame(() => {
    live.textContent = message;
  });
};

/* ---- theme: follows the system until chosen, the same choice as in the report ---- */
const themes = { auto: "automatic", light: "light", dark: "dark" };
const startTheme = () => {
  const button = byId("theme");
  let theme = "auto";
  try {
    theme = localStorage.getItem("metareview-theme") || "auto";
  } catch (error) {
    /* storage is switched off */
  }
  const apply = () => {
    if (!(theme in themes)) theme = "auto";
    if (theme === "auto") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    button.textContent = "Theme: " + themes[theme];
  };
  button.addEventListener("click", () => {
    const names = Object.keys(themes);
    theme = names[(names.indexOf(theme) + 1) % names.length];
    apply();
    try {
      localStorage.setItem("metareview-theme", theme);
    } catch (error) {
      /* storage is switched off */
    }
  });
  apply();
  button.hidden = false;
};
