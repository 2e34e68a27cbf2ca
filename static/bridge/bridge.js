/* Small comforts. Every page works without this file. */
"use strict";

(() => {
  document.documentElement.classList.add("js");

  // The menu on narrow screens.
  const button = document.querySelector("[data-menu-button]");
  const menu = document.querySelector("[data-menu]");
  if (button && menu) {
    button.addEventListener("click", () => {
      const open = menu.classList.toggle("is-open");
      button.setAttribute("aria-expanded", String(open));
      if (open) menu.querySelector("a")?.focus();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.classList.contains("is-open")) {
        menu.classList.remove("is-open");
        button.setAttribute("aria-expanded", "false");
        button.focus();
      }
    });
  }

  // Light, dark, or as the device. The admin theme keeps the choice under this key.
  const root = document.documentElement;
  const wanted = () => { try { return JSON.parse(localStorage.getItem("adminTheme") || '"auto"'); } catch { return "auto"; } };
  const paint = (theme) => {
    root.classList.toggle("dark", theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches));
    document.querySelectorAll("[data-theme]").forEach((item) => item.setAttribute("aria-pressed", String(item.dataset.theme === theme)));
  };
  paint(wanted());
  document.querySelectorAll("[data-theme]").forEach((item) => item.addEventListener("click", () => {
    localStorage.setItem("adminTheme", JSON.stringify(item.dataset.theme));
    if (window.Alpine && root._x_dataStack) window.Alpine.$data(root).adminTheme = item.dataset.theme;
    paint(item.dataset.theme);
  }));

  // A refused form: its summary takes the focus.
  document.querySelector("[data-focus]")?.focus();

  // Leaving with unsaved changes asks first; changing the language keeps them.
  const forms = [...document.querySelectorAll("form[data-guard]")];
  const contents = (form) => JSON.stringify([...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string"));
  const stores = (form, place) => `bridge:${location.pathname}:${form.id || place}`;
  let leaving = false;
  forms.forEach((form, place) => {
    const first = contents(form);
    form.isChanged = () => contents(form) !== first;
    form.addEventListener("submit", () => { leaving = true; });
    const kept = sessionStorage.getItem(stores(form, place));
    if (kept) {
      sessionStorage.removeItem(stores(form, place));
      restore(form, JSON.parse(kept));
    }
  });
  function restore(form, pairs) {
    const byName = new Map();
    pairs.forEach(([name, value]) => byName.set(name, [...(byName.get(name) || []), value]));
    [...form.elements].forEach((field) => {
      if (!field.name || ["hidden", "password", "submit", "button"].includes(field.type)) return;
      const values = byName.get(field.name) || [];
      if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
      else if (values.length) field.value = values.shift();
    });
  }
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && forms.some((form) => form.isChanged())) event.preventDefault();
  });
  document.querySelectorAll("[data-language-form]").forEach((form) => form.addEventListener("submit", () => {
    leaving = true;
    forms.forEach((item, place) => {
      const secret = item.querySelector('input[type="password"]');
      if (!secret && item.isChanged()) sessionStorage.setItem(stores(item, place), contents(item));
    });
  }));

  // Parts of a form shown only for some answers (data-needs="name=value").
  document.querySelectorAll("[data-needs]").forEach((part) => {
    const [name, value] = part.dataset.needs.split("=");
    const form = part.closest("form");
    const show = () => {
      const now = new FormData(form).get(name);
      part.hidden = now !== value;
    };
    form.addEventListener("change", show);
    show();
  });

  // Forms that send themselves when a choice is made (filters of lists); a button stays for those without scripts.
  document.querySelectorAll("form[data-auto]").forEach((form) => {
    form.addEventListener("change", () => form.requestSubmit());
    form.querySelector("[data-auto-button]")?.setAttribute("hidden", "");
  });

  // Printing, for pages that are signed on paper.
  document.querySelectorAll("[data-print]").forEach((item) => {
    item.hidden = false;
    item.addEventListener("click", () => window.print());
  });

  // All of a column of boxes at once.
  document.querySelectorAll("[data-check-all]").forEach((box) => box.addEventListener("change", () => {
    document.querySelectorAll(box.dataset.checkAll).forEach((item) => { item.checked = box.checked; item.dispatchEvent(new Event("change", { bubbles: true })); });
  }));
})();
