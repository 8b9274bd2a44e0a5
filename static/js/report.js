// What a report has beside its list and panel (list.js): f goes round the filters, another baseline is taken at once.
(() => {
  function cycle() {
    const filters = [...document.querySelectorAll('#filters input[name="show"]')];
    if (!filters.length) return;
    const next = filters[(filters.findIndex((filter) => filter.checked) + 1) % filters.length];
    next.checked = true;
    next.dispatchEvent(new Event("change", { bubbles: true }));
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "f" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input:not([type=radio]), textarea, select, [contenteditable]")) return;
    event.preventDefault();
    cycle();
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-reveal]");
    if (!button) return;
    document.getElementById(button.dataset.reveal).hidden = false;
    button.parentElement.remove();
  });
})();
