// Runs before the page is drawn: a chosen theme never flashes, and nothing that is shown moves as the page comes in.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  document.addEventListener("readystatechange", () => root.classList.add("whole"), { once: true });
  try {
    const theme = localStorage.getItem("touchstone-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage may be forbidden: the system's theme it is.
  }
})();
