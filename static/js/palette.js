// The palette: a combobox whose list the server fills. Without this file its button is a link to the same as a page.
(() => {
  const dialog = () => document.getElementById("palette");
  const box = () => document.getElementById("palette-q");
  const options = () => [...dialog().querySelectorAll('[role="option"]')];
  const chosen = () => dialog().querySelector('[role="option"][aria-selected="true"]');
  // The list is behind what was typed until it was asked for; Enter waits for it then.
  let [isBehind, isDue] = [false, false];

  function open() {
    if (document.querySelector("dialog:modal")) return;
    document.querySelector("#side:popover-open")?.hidePopover();
    dialog().showModal();
    box().value = "";
    box().focus();
    isDue = false;
    htmx.trigger(box(), "palette");
  }

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    if (!option) return box().removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    box().setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = options();
    if (all.length) choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
  }

  function run(option, apart) {
    const { href, form, control } = option.dataset;
    if (href && apart) return void window.open(href, "_blank", "noopener");
    dialog().close();
    if (href) location.assign(href);
    else if (form) document.getElementById(form).requestSubmit();
    else document.querySelector(control).click();
  }

  const KEYS = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Enter: (event) => {
      isDue = isBehind;
      if (chosen()) run(chosen(), event.ctrlKey || event.metaKey);
    },
  };

  document.addEventListener("keydown", (event) => {
    if (!dialog()) return;
    const asked = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    if (asked) {
      event.preventDefault();
      if (dialog().open) dialog().close();
      else open();
    }
    if (!dialog().open) return;
    // Nothing below the palette hears its keys. Escape is the dialog's own.
    event.stopImmediatePropagation();
    if (event.target !== box() || event.isComposing || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key](event);
  }, true);

  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-palette]");
    if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      open();
    } else if (event.target === dialog() || event.target.closest?.("[data-palette-close]")) dialog().close();
    else if (event.target.closest?.("#palette-options")) {
      const option = event.target.closest('[role="option"]');
      if (option) run(option, event.ctrlKey || event.metaKey);
    }
  });

  document.addEventListener("input", (event) => {
    if (event.target !== box()) return;
    isBehind = true;
    choose(null);
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "palette-list" || !dialog().open) return;
    const asked = event.detail.requestConfig.parameters.q ?? "";
    isBehind = asked !== box().value;
    if (isBehind) return;
    const all = options();
    choose(all[0]);
    if (isDue && all.length) return run(all[0]);
    isDue = false;
    document.getElementById("palette-count").textContent = all.length === 1 ? "1 choice" : `${all.length} choices`;
  });
})();
