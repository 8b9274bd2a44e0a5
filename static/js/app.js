// What every page has: theme, copying, menus, and what htmx leaves to us. All by delegation, since htmx swaps content.
(() => {
  const root = document.documentElement;

  // Theme ------------------------------------------------------------------------------------------------------
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  function showTheme() {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.setAttribute("aria-pressed", String(isDark()));
    }
  }

  function toggleTheme() {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("touchstone-theme", root.dataset.theme);
    } catch {
      // Then it holds for this page only.
    }
    showTheme();
  }

  // Telling screen readers what changed, once a change ---------------------------------------------------------
  function announce(text) {
    const region = document.getElementById("announcer");
    if (region && region.textContent !== text) region.textContent = text;
  }

  function toast(text) {
    const box = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    box.querySelector("span").textContent = text;
    document.getElementById("toasts").append(box);
  }

  const SHOWN_MS = 8000;

  function takeAway(box) {
    box.classList.add("leaving");
    setTimeout(() => box.remove(), 150);
  }

  // Good news goes by itself, unless it is being looked at; what is wrong stays until it is dismissed.
  function letGo(box) {
    setTimeout(() => (box.matches(":hover, :focus-within") ? letGo(box) : takeAway(box)), SHOWN_MS);
  }

  function tellToasts() {
    const boxes = [...document.querySelectorAll("#toasts > .toast")];
    if (boxes.length) announce(boxes.map((box) => box.textContent.trim()).join(" "));
    boxes.filter((box) => !box.matches(".error, .warning")).forEach(letGo);
  }

  // Dialogs: their buttons open them as popovers; with a script they are modal ------------------------------------
  function pressDialog(event) {
    const button = event.target.closest?.("[popovertarget]");
    const box = button && document.getElementById(button.getAttribute("popovertarget"));
    if (box?.localName !== "dialog") return;
    event.preventDefault();
    if (button.getAttribute("popovertargetaction") === "hide") box.close();
    else box.showModal();
  }

  // Copying ----------------------------------------------------------------------------------------------------
  function copyWithoutClipboard(text) {
    // Pages that come over plain http from another machine have no clipboard API.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  async function copy(button) {
    const parts = [...document.querySelectorAll(button.dataset.copy)];
    const text = parts.map((part) => part.textContent).join("");
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      done = copyWithoutClipboard(text);
      button.focus();
    }
    announce(done ? "Copied" : "Copying failed");
    if (!done) return toast("The browser did not allow copying.");
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1800);
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-copy], [data-theme-toggle], [data-dismiss]");
    if (target?.hasAttribute("data-copy")) copy(target);
    else if (target?.hasAttribute("data-dismiss")) takeAway(target.closest(".toast"));
    else if (target) toggleTheme();
    if (event.target.matches("dialog[popover][open]")) event.target.close();
    pressDialog(event);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopImmediatePropagation();
  });

  // A form that takes a while says so, and is not sent twice ----------------------------------------------------
  document.addEventListener("submit", (event) => {
    const button = event.target.querySelector("button[data-busy]");
    if (!button) return;
    if (button.getAttribute("aria-disabled") === "true") return event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    button.dataset.label = button.textContent;
    button.textContent = button.dataset.busy;
  });

  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button[data-busy][aria-disabled]")) {
      button.removeAttribute("aria-disabled");
      button.textContent = button.dataset.label;
    }
  });

  // htmx -------------------------------------------------------------------------------------------------------
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    // Addresses without empty parameters are the ones worth sharing.
    for (const [name, value] of [...event.detail.formData.entries()]) {
      if (value === "") event.detail.formData.delete(name);
    }
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    // Signed out meanwhile: the answer is the sign-in page, which is no part of this one.
    const { responseURL } = event.detail.xhr;
    const login = document.body.dataset.login;
    if (login && responseURL && new URL(responseURL).pathname === login) {
      event.preventDefault();
      location.assign(location.href);
    }
  });

  document.addEventListener("htmx:afterSettle", () => {
    const said = document.querySelector("[data-announce]");
    if (said) announce(said.textContent.trim().replace(/\s+/g, " "));
    showTheme();
  });

  document.addEventListener("htmx:responseError", (event) => {
    const id = event.detail.xhr.getResponseHeader("X-Request-ID");
    toast(`That failed (${event.detail.xhr.status}).${id ? ` Request ${id}.` : ""}`);
  });
  document.addEventListener("htmx:sendError", () => toast("The server cannot be reached. Trying again may help."));

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
  showTheme();
  tellToasts();
})();
