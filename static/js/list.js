// A list of links with a panel beside it, in step, by keyboard: the search page, and the cases of suites and runs.
// Rows are links in a list rather than options of a listbox: they work without this file, open in tabs, and read well.
(() => {
  const box = () => document.getElementById("q");
  const panel = () => document.getElementById("peek");
  const results = () => [...document.querySelectorAll("[data-result]")];
  const isOpen = () => Boolean(panel()?.firstElementChild);
  const isNarrow = () => matchMedia("(max-width: 63.99rem)").matches;
  const isTyping = (element) => element.matches("input:not([type=radio]), textarea, select, [contenteditable]");
  let follow = 0;

  function move(step) {
    const links = results();
    if (!links.length) return;
    const focused = links.indexOf(document.activeElement);
    const shown = links.findIndex((link) => link.getAttribute("aria-current") === "true");
    const from = focused >= 0 ? focused : document.activeElement === box() ? -1 : shown;
    if (from + step < 0) return box()?.focus();
    const next = links[Math.min(from + step, links.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    if (isOpen() && !isNarrow()) peekSoon(next);
  }

  function peekSoon(link) {
    clearTimeout(follow);
    follow = setTimeout(() => link.isConnected && link.dispatchEvent(new Event("peek")), 120);
  }

  function open(event) {
    const link = document.activeElement;
    if (event.ctrlKey || event.metaKey || event.shiftKey || link.getAttribute("aria-current") !== "true") return;
    event.preventDefault();
    location.assign(link.dataset.result);
  }

  function close(event) {
    const link = panel().querySelector("[data-close]");
    if (!link) return;
    event.preventDefault();
    link.click();
  }

  document.addEventListener("keydown", (event) => {
    const element = event.target;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const inBox = element === box();
    const free = plain && !isTyping(element);
    if (event.key === "Escape" && isOpen()) close(event);
    else if (event.key === "/" && free) {
      event.preventDefault();
      box()?.focus();
      box()?.select();
    } else if (plain && (inBox || free) && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      if (inBox && event.key === "ArrowUp") return;
      if (panel()?.contains(element) || element.type === "radio") return;
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (free && (event.key === "j" || event.key === "k")) {
      event.preventDefault();
      move(event.key === "j" ? 1 : -1);
    } else if (event.key === "Enter" && element.matches("[data-result]")) open(event);
  });

  // A link that is to open in another tab or window is the browser's.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-result], [data-close]");
    if (link && (event.ctrlKey || event.metaKey || event.shiftKey)) event.stopImmediatePropagation();
  }, true);

  document.addEventListener("htmx:configRequest", (event) => {
    const link = event.detail.elt;
    if (!link.matches("[data-result]")) return;
    clearTimeout(follow);
    // Opening the panel is a step that Back undoes; going from one row to the next is not.
    link.setAttribute("hx-push-url", String(!isOpen()));
    link.setAttribute("hx-replace-url", String(isOpen()));
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "peek") return;
    const shown = panel().firstElementChild?.dataset.shown;
    const current = document.querySelector('[data-result][aria-current="true"]');
    current?.removeAttribute("aria-current");
    if (!shown) return (current ?? box())?.focus({ preventScroll: true });
    document.getElementById(`result-${shown}`)?.setAttribute("aria-current", "true");
    if (isNarrow()) panel().querySelector("h2")?.focus();
  });
})();
