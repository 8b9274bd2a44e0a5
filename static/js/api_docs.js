// The theme of the API's reference: that of the other pages, which theme.js has found, as Swagger UI wants to be told.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

  function show() {
    root.classList.toggle("dark-mode", isDark());
    document.querySelector("[data-theme-toggle]")?.setAttribute("aria-pressed", String(isDark()));
  }

  function toggle() {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("touchstone-theme", root.dataset.theme);
    } catch {
      // Then it holds for this page only.
    }
    show();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) toggle();
  });
  document.addEventListener("DOMContentLoaded", show);
  system.addEventListener("change", show);
  show();
})();
