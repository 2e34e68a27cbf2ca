/* Keys for the Duplicates desk. Every key presses something that is on the page, so all of it works without this file. */
"use strict";

(() => {
  const box = document.querySelector("[data-keys]");
  if (!box) return;
  const place = "bridge:duplicates:keys";
  const toggle = box.querySelector("[data-keys-on]");
  box.hidden = false;
  const kept = () => { try { return localStorage.getItem(place); } catch { return null; } };
  toggle.checked = kept() !== "off";
  toggle.addEventListener("change", () => { try { localStorage.setItem(place, toggle.checked ? "on" : "off"); } catch { /* not kept */ } });

  const rows = [...document.querySelectorAll("[data-row]")];
  const here = () => rows.findIndex((row) => row.contains(document.activeElement));
  const go = (step) => {
    const at = here();
    const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
    rows[next]?.querySelector("[data-row-link]")?.focus();
  };
  const own = {
    j: () => go(1),
    k: () => go(-1),
    t: () => rows[here()]?.querySelector("input[type=checkbox]")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!toggle.checked || event.target.closest("input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "?") {
      event.preventDefault();
      box.open = !box.open;
      box.querySelector("summary").focus();
      return;
    }
    const target = document.querySelector(`[data-key~="${CSS.escape(key)}"]`);
    if (target) {
      event.preventDefault();
      target.click();
    } else if (rows.length && own[key]) {
      event.preventDefault();
      own[key]();
    }
  });
})();
