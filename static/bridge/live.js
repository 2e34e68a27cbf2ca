/* Keeps the progress of a run fresh. Without this file the page is right at every reload. */
"use strict";

(() => {
  const box = document.querySelector("[data-live]");
  if (!box) return;
  const voice = document.querySelector("[data-live-say]");
  const every = 2000;
  const now = () => box.querySelector("[data-phase]")?.dataset;
  const quarter = (data) => (data.percent === "" ? 0 : Math.floor(Number(data.percent) / 25));

  // Said aloud only when the phase changes and at each quarter, not at every look.
  let phase = now()?.phase;
  let told = now() ? quarter(now()) : 0;
  const say = (data) => {
    if (!voice) return;
    const here = quarter(data);
    if (data.phase === phase && here <= told) return;
    const share = data.percent === "" ? "" : box.dataset.livePercentWords.replace("%s", String(Math.min(100, here * 25)));
    voice.textContent = [data.words, share].filter(Boolean).join(", ");
    phase = data.phase;
    told = here;
  };

  const look = async () => {
    if (document.hidden) { setTimeout(look, every); return; }
    try {
      const answer = await fetch(box.dataset.live, { credentials: "same-origin", headers: { Accept: "text/html" }, redirect: "error" });
      if (answer.ok) {
        const focused = box.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        box.innerHTML = await answer.text();
        if (focused) [...box.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
        const data = now();
        if (data) say(data);
        if (data?.open === "no") {
          // The rest of the page (totals, held, buttons) belongs to the new state.
          setTimeout(() => location.reload(), 1500);
          return;
        }
      }
    } catch { /* the network blinked: look again */ }
    setTimeout(look, every);
  };
  if (now()?.open === "yes") setTimeout(look, every);
})();
