/* The filter editor: tests that fit the field, and counts that follow as one edits. Works without this file too. */
"use strict";

(() => {
  const form = document.querySelector("form[data-filter]");
  if (!form) return;
  const NO_VALUE = ["known", "unknown", "is_true", "is_false"];

  function dress(row) {
    const field = row.querySelector("[data-field]");
    const test = row.querySelector("[data-test]");
    const chosen = field.selectedOptions[0];
    const allowed = (chosen?.dataset.tests || "").split(" ");
    [...test.options].forEach((option) => { option.hidden = option.disabled = !allowed.includes(option.value); });
    if (test.selectedOptions[0]?.disabled) test.value = allowed[0];
    row.querySelector("[data-value]").hidden = NO_VALUE.includes(test.value);
    row.querySelector("[data-value2]").hidden = test.value !== "between";
    row.querySelector("[data-value] input").setAttribute("list", `values-${chosen?.value || ""}`);
    const isDate = ["date", "instant"].includes(chosen?.dataset.kind) && !["in", "not_in"].includes(test.value);
    row.querySelectorAll("[data-value] input, [data-value2] input").forEach((input) => {
      if (isDate && (input.value === "" || /^\d{4}-\d\d-\d\d$/.test(input.value))) input.type = "date";
      else input.type = "text";
    });
  }
  form.querySelectorAll("[data-condition]").forEach(dress);

  let timer = 0;
  let asked = 0;
  function count() {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const turn = ++asked;
      const data = new FormData(form);
      data.set("do", "count");
      const answer = await fetch(location.pathname, { method: "POST", body: data, headers: { "X-Fragment": "count" }, credentials: "same-origin" });
      if (answer.ok && turn === asked) form.querySelector("[data-filter-count]").innerHTML = await answer.text();
    }, 500);
  }
  form.addEventListener("change", (event) => {
    const row = event.target.closest("[data-condition]");
    if (row) dress(row);
    count();
  });
  form.addEventListener("input", (event) => { if (event.target.closest("[data-condition]")) count(); });
  // Enter in a value counts; it must not press the first button of the form, which removes or adds.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); count(); }
  });
})();
