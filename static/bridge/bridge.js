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

  // Leaving with unsaved changes asks first; changing the language keeps the page as it is: what was typed or chosen in
  // any form (never a secret), what was opened, and the place on the page.
  const forms = [...document.querySelectorAll("form[data-guard]")];
  const contents = (form) => JSON.stringify([...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string"));
  let leaving = false;
  forms.forEach((form) => {
    const first = contents(form);
    form.isChanged = () => contents(form) !== first;
    form.addEventListener("submit", () => { leaving = true; });
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && forms.some((form) => form.isChanged())) event.preventDefault();
  });

  const KEPT = "bridge:kept";
  const NEVER = ["hidden", "password", "file", "submit", "button", "reset", "image"];
  const mayKeep = (field) => field.name && !NEVER.includes(field.type) && field.autocomplete !== "one-time-code" && !("checkAll" in field.dataset);
  const ticks = (field) => ["checkbox", "radio"].includes(field.type);
  const options = (field) => [...field.options];
  const stands = (field) => field.options ? options(field).map((option) => option.selected) : ticks(field) ? field.checked : field.value;
  const came = (field) => {
    if (!field.options) return ticks(field) ? field.defaultChecked : field.defaultValue;
    const said = options(field).map((option) => option.defaultSelected);
    return said.includes(true) || field.multiple ? said : said.map((_, place) => place === 0);
  };
  // Every field of the page that may be kept, under a name that is the same in both languages.
  const fields = () => {
    const seen = new Map();
    const nth = (name) => { seen.set(name, (seen.get(name) || 0) + 1); return `${name}#${seen.get(name)}`; };
    return [...document.forms].filter((form) => !form.matches("[data-language-form]")).flatMap((form) => {
      const own = nth(form.id || form.getAttribute("action") || "");
      return [...form.elements].filter(mayKeep).map((field) => [nth(`${own} ${field.name}`), field]);
    });
  };
  const details = () => [...document.querySelectorAll("details")];
  function restore(kept) {
    const byName = new Map(fields());
    const changed = kept.fields.map(([name, value]) => {
      const field = byName.get(name);
      if (!field) return null;
      if (field.options) options(field).forEach((option, place) => { option.selected = Boolean(value[place]); });
      else if (ticks(field)) field.checked = value;
      else field.value = value;
      return field;
    }).filter((field) => field && !field.form.matches("[data-auto]"));
    if (kept.open.length === details().length) details().forEach((item, place) => { item.open = kept.open[place]; });
    // Other files of the page hear of it, once they are there.
    window.addEventListener("load", () => {
      changed.forEach((field) => field.dispatchEvent(new Event("change", { bubbles: true })));
      scrollTo(0, kept.scroll);
    });
  }
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
    sessionStorage.removeItem(KEPT);
    if (kept && kept.page === location.pathname + location.search) restore(kept);
  } catch { /* nothing was kept */ }
  document.querySelectorAll("[data-language-form]").forEach((form) => form.addEventListener("submit", () => {
    leaving = true;
    // A page that came as the answer to a form shows what was typed as if it stood there from the start: keep it all.
    const all = "posted" in form.dataset;
    const kept = fields().filter(([, field]) => all || String(stands(field)) !== String(came(field)));
    const next = new URL(form.elements.next.value, location.href);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({
        page: next.pathname + next.search,
        fields: kept.map(([name, field]) => [name, stands(field)]),
        open: details().map((item) => item.open),
        scroll: scrollY,
      }));
    } catch { /* not kept */ }
    form.action = form.action.split("#")[0] + location.hash;
  }));

  // Before a session ends by itself: a warning with "Stay signed in"; what was typed outlasts signing in again, in this
  // tab and for this person. Pages are asked for the time that is left: somebody may be busy in another tab.
  const session = document.querySelector("[data-session]");
  if (session) {
    const TYPED = "bridge:typed", WARN = 180_000, EACH = 10_000, QUIET = 300_000;
    const { person, began } = session.dataset;
    const here = location.pathname + location.search;
    let deadline = Date.now() + session.dataset.seconds * 1000, why = "", told = Date.now();
    let asking = false, dismissed = false, over = false;

    const part = (name) => {
      session.querySelectorAll("[data-session-part]").forEach((item) => { item.hidden = item.dataset.sessionPart !== name; });
      const shown = session.querySelector(`[data-session-part="${name}"]`);
      shown.querySelector("h2").id = "session-head";
      shown.querySelector("p").id = "session-words";
      session.querySelectorAll("[data-session-part] h2, [data-session-part] p").forEach((item) => { if (!shown.contains(item)) item.removeAttribute("id"); });
      if (!session.open) session.showModal();
      shown.querySelector("button, a")?.focus();
    };
    const keepTyped = () => {
      const typed = fields().filter(([, field]) => String(stands(field)) !== String(came(field)));
      if (!typed.length) return;
      try {
        sessionStorage.setItem(TYPED, JSON.stringify({
          person, began, page: here, fields: typed.map(([name, field]) => [name, stands(field)]),
          open: details().map((item) => item.open), scroll: scrollY,
        }));
      } catch { /* not kept */ }
    };
    const ask = async (method) => {
      if (asking) return;
      asking = true;
      try {
        const sent = { method, redirect: "manual", headers: { Accept: "application/json" } };
        if (method === "POST") sent.body = new FormData(session.querySelector("[data-session-stay]"));
        const answer = await fetch(session.dataset.session, sent);
        const said = answer.ok ? await answer.json() : { seconds: 0, why: "" };
        if (!answer.ok && answer.type !== "opaqueredirect") return; // the server is not well: say nothing of the session
        deadline = Date.now() + said.seconds * 1000;
        why = said.why;
        told = Date.now();
        if (said.seconds === 0) { clearInterval(beat); leaving = over = true; keepTyped(); part("over"); }
        else if (deadline - Date.now() > WARN) { dismissed = false; if (session.open) session.close(); }
        else if (method === "GET" && !dismissed) part(why);
      } catch { /* not reached: asked again */ } finally { asking = false; }
    };
    const look = () => { if (!over && deadline - Date.now() <= WARN && !(dismissed && Date.now() < deadline)) ask("GET"); };
    const beat = setInterval(look, EACH);
    look();
    document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
    // Who types here is there, though no page is asked for.
    document.addEventListener("input", () => { if (Date.now() - told > QUIET && deadline - Date.now() > WARN) ask("POST"); });
    session.querySelector("[data-session-stay]").addEventListener("submit", (event) => { event.preventDefault(); ask("POST"); });
    session.querySelector("[data-session-close]").addEventListener("click", () => session.close());
    session.addEventListener("close", () => { dismissed = deadline - Date.now() <= WARN; });
    // A machine that slept has not warned: what is sent then meets the door, and is kept.
    document.addEventListener("submit", () => { if (Date.now() >= deadline) keepTyped(); });
    try {
      const kept = JSON.parse(sessionStorage.getItem(TYPED) || "null");
      if (kept && kept.person !== person) sessionStorage.removeItem(TYPED);
      else if (kept && kept.page === here && kept.began !== began) {
        sessionStorage.removeItem(TYPED);
        restore(kept);
        const back = document.querySelector("[data-typed-back]");
        back.className = "alert alert-ok";
        back.hidden = false;
      }
    } catch { /* nothing was kept */ }
  }

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
