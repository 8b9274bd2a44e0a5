// What rows of a list have beside the keyboard (list.js): a click anywhere opens one, and several can be selected.
(() => {
  const boxes = () => [...document.querySelectorAll('#results [name="rows"]')];

  function openRow(event) {
    const row = event.target.closest?.(".list-rows tbody tr");
    if (!row || event.defaultPrevented || event.target.closest("a, button, input, label, select, summary")) return;
    if (String(getSelection())) return;
    row.querySelector("[data-result]").click();
  }

  function showSelected() {
    const all = boxes();
    const chosen = all.filter((box) => box.checked).length;
    const count = document.querySelector("[data-selected]");
    if (count) count.textContent = `${chosen} selected`;
    const whole = document.getElementById("select-all");
    if (!whole) return;
    whole.checked = chosen > 0 && chosen === all.length;
    whole.indeterminate = chosen > 0 && chosen < all.length;
  }

  document.addEventListener("click", openRow);

  document.addEventListener("change", (event) => {
    if (event.target.id === "select-all") for (const box of boxes()) box.checked = event.target.checked;
    if (event.target.id === "select-all" || event.target.name === "rows") showSelected();
  });

  // Rows that are looked at anew, because some changed, are those of the address as it is now; and they wait while
  // somebody selects some, or has a menu of theirs open.
  const here = () => location.pathname + location.search;
  const isInUse = () =>
    Boolean(document.querySelector('#results :is([name="rows"]:checked, details[open], dialog[open])'));

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.id !== "results") return;
    event.detail.path = here();
    if (isInUse()) event.preventDefault();
  });

  // Both may have changed while the answer was on its way.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, pathInfo } = event.detail;
    if (requestConfig.elt.id === "results" && (isInUse() || pathInfo.requestPath !== here())) event.preventDefault();
  });
})();
