// A choice that select2 makes has the name of the field that it stands for.
(() => {
  const nameChoices = () => {
    for (const box of document.querySelectorAll(".select2-selection[aria-labelledby]")) {
      const select = box.closest(".select2-container")?.previousElementSibling;
      const name = select?.labels?.[0]?.textContent.replace("*", "").trim() || "Choose";
      box.removeAttribute("aria-labelledby");
      for (const part of [box, ...box.querySelectorAll("[role=textbox]")]) part.setAttribute("aria-label", name);
    }
  };
  new MutationObserver(nameChoices).observe(document.documentElement, { childList: true, subtree: true });
})();
