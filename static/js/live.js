// Parts that say what they show (data-live="job:7 report") are asked for again, by htmx, when that has changed: the
// gateway's socket says so. Without it they are asked for every few seconds. Nothing is asked while nobody looks.
(() => {
  const LIVE = "[data-live]";
  const address = document.querySelector("[data-live-address]")?.dataset.liveAddress;
  const state = document.getElementById("live-state");
  const AWAY_MS = 4_000; // so long a socket may be gone before parts are asked for without it
  const POLL_MS = 3_000;
  const HIDDEN_MS = 10_000;
  const SILENT_MS = 50_000; // the gateway says something every 20 seconds
  const LONGEST_MS = 30_000;
  const ENDED = 4401;
  const TIMEOUT_MS = 10_000;
  const EVERY_MS = 500; // of one part; data-live-every has it for what costs more

  let socket = null;
  let isOpen = false;
  let heardAt = 0; // up to when nothing was missed, on the page's clock, which starts before the page was made
  let begunAt = Infinity; // since when what is new in the page may be
  let tries = 0;
  let following = "";
  let [retry, poll, away, hide, silent] = [0, 0, 0, 0, 0];
  const askedAt = new Map();
  const waiting = new Map();

  const parts = () => [...document.querySelectorAll(LIVE)];
  const namesOf = (part) => part.dataset.live.split(" ").filter(Boolean);
  const wanted = () => [...new Set(parts().flatMap(namesOf))].sort();
  const jitter = (milliseconds) => milliseconds * (0.75 + Math.random() / 2);
  const addressOf = (part) => part.getAttribute("hx-get");

  // Asking ---------------------------------------------------------------------------------------------------------
  // What somebody has typed or chosen in a part, and has not sent yet, is not taken away.
  function isTouched(field) {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.type === "hidden" || field.localName === "select") return field === document.activeElement;
    return field === document.activeElement || field.value !== field.defaultValue;
  }

  const isBusy = (part) => [...part.querySelectorAll("input, textarea, select")].some(isTouched);

  function ask(part) {
    const key = addressOf(part);
    const every = Number(part.dataset.liveEvery ?? EVERY_MS);
    const due = (askedAt.get(key) ?? -Infinity) + every - performance.now();
    if (waiting.has(key)) return;
    if (due > 0) return void waiting.set(key, setTimeout(() => askAgain(key), due));
    if (document.hidden || !part.isConnected) return;
    if (isBusy(part)) return void waiting.set(key, setTimeout(() => askAgain(key), POLL_MS));
    askedAt.set(key, performance.now());
    htmx.trigger(part, "live");
  }

  function askAgain(key) {
    waiting.delete(key);
    for (const part of parts()) if (addressOf(part) === key) ask(part);
  }

  function askAll() {
    parts().forEach(ask);
  }

  function askFor(names) {
    const changed = new Set(names);
    for (const part of parts()) if (namesOf(part).some((name) => changed.has(name))) ask(part);
  }

  // The socket -----------------------------------------------------------------------------------------------------
  function show(name) {
    if (!state || state.dataset.state === name) return;
    state.dataset.state = name;
    state.hidden = !name;
    state.textContent = state.dataset[name] ?? "";
  }

  function follow() {
    const names = wanted();
    const since = Math.min(heardAt, begunAt);
    begunAt = Infinity;
    if (!isOpen || names.join(" ") === following) return;
    following = names.join(" ");
    socket.send(JSON.stringify({ follow: names, age: (performance.now() - since) / 1000 + 1 }));
  }

  function hear(event) {
    const message = JSON.parse(event.data);
    heardAt = performance.now();
    clearTimeout(silent);
    silent = setTimeout(() => drop(socket), SILENT_MS);
    if (message.following) {
      tries = 0;
      stopPolling();
    }
    if (message.changed) askFor(message.changed);
  }

  function connect() {
    clearTimeout(retry);
    if (socket || !address || document.hidden || !wanted().length) return;
    socket = new WebSocket(address);
    socket.addEventListener("open", ({ target }) => {
      if (target !== socket) return;
      isOpen = true;
      following = "";
      follow();
    });
    socket.addEventListener("message", (event) => event.target === socket && hear(event));
    socket.addEventListener("close", (event) => event.target === socket && lose(event.code));
  }

  function drop(which) {
    if (which !== socket || !socket) return;
    socket.close();
    lose(0);
  }

  function lose(code) {
    clearTimeout(silent);
    [socket, isOpen, following] = [null, false, ""];
    if (document.hidden) return;
    if (!poll && !away) away = setTimeout(startPolling, AWAY_MS);
    if (code === ENDED) askAll(); // and who is signed out is told by the answer
    tries += 1;
    const pause = code === ENDED ? LONGEST_MS : Math.min(LONGEST_MS, 500 * 2 ** Math.min(tries - 1, 8));
    retry = setTimeout(connect, jitter(pause));
  }

  // Without the socket ---------------------------------------------------------------------------------------------
  function startPolling() {
    away = 0;
    clearTimeout(poll);
    if (document.hidden || !wanted().length) return void (poll = 0);
    show(address ? "away" : "polling");
    askAll();
    poll = setTimeout(startPolling, jitter(POLL_MS));
  }

  function stopPolling() {
    clearTimeout(away);
    clearTimeout(poll);
    [away, poll] = [0, 0];
    show("");
  }

  function begin() {
    if (!wanted().length) return;
    if (address) {
      connect();
      if (!isOpen && !poll && !away) away = setTimeout(startPolling, AWAY_MS);
    } else if (!poll) poll = setTimeout(startPolling, jitter(POLL_MS));
  }

  function rest() {
    stopPolling();
    clearTimeout(retry);
    if (socket) drop(socket);
    clearTimeout(away);
    away = 0;
  }

  // What nobody announces is asked for now and then (data-live-poll).
  setInterval(() => {
    for (const part of document.querySelectorAll(`${LIVE}[data-live-poll]`)) {
      const last = askedAt.get(addressOf(part)) ?? 0;
      if (performance.now() - last >= Number(part.dataset.livePoll)) ask(part);
    }
  }, 5_000);

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hide);
    if (document.hidden) {
      hide = setTimeout(rest, HIDDEN_MS);
      return;
    }
    tries = 0;
    if (!address) askAll();
    begin();
  });
  addEventListener("online", () => {
    tries = 0;
    connect();
  });

  // A part that fails says so itself; the rest of the page goes on -----------------------------------------------------
  function tellFailure(event) {
    const part = event.detail.elt;
    if (!part.matches?.(LIVE)) return;
    event.stopImmediatePropagation();
    if (part.querySelector(".live-failure")) return;
    const told = document.getElementById("live-failure").content.firstElementChild.cloneNode(true);
    part.prepend(told);
  }

  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, tellFailure, true);
  }

  // Lists narrow by what the address says, which htmx has changed since the page was made.
  document.addEventListener("htmx:configRequest", (event) => {
    const { elt } = event.detail;
    if (elt.matches(LIVE) && "liveHere" in elt.dataset) event.detail.path = location.pathname + location.search;
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    begunAt = Math.min(begunAt, performance.now());
    if (event.detail.elt.matches(LIVE)) event.detail.xhr.timeout = TIMEOUT_MS;
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-live-retry]");
    if (button) htmx.trigger(button.closest(LIVE), "live");
  });

  document.addEventListener("htmx:afterSettle", () => {
    if (isOpen) follow();
    else begin();
  });

  begin();
})();
