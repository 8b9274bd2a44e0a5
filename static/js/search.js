// What the search page has beside its list and panel (list.js): it refuses queries that are too long, and says so.
(() => {
  const box = () => document.getElementById("q");

  // An address that is far too long would not even reach the page that says so.
  document.addEventListener("htmx:configRequest", (event) => {
    const [size, most] = [box().value.length, Number(box().dataset.most)];
    if (event.detail.elt.closest("#search") === null || size <= most) return;
    event.preventDefault();
    htmx.trigger("#search", "htmx:abort");
    const error = document.createElement("p");
    error.className = "error";
    error.setAttribute("role", "alert");
    error.textContent = `The query is ${size.toLocaleString("en")} characters long; ${most.toLocaleString("en")} is the most`;
    document.getElementById("search-errors").replaceChildren(error);
    box().setAttribute("aria-invalid", "true");
  });

  document.addEventListener("htmx:afterSettle", () => {
    const refused = Boolean(document.querySelector("#search-errors > *"));
    if (refused) box()?.setAttribute("aria-invalid", "true");
    else box()?.removeAttribute("aria-invalid");
  });
})();
