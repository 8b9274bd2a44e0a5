// Says that the session is about to end, renews it, and keeps what was typed when it has ended anyway.
(() => {
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("touchstone-session") : null;
  if (document.querySelector("[data-signed-in-again]")) channel?.postMessage("signed in");

  // What htmx asks for by itself (polling, live updates) must not keep the session of somebody who has left.
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.triggeringEvent?.isTrusted) event.detail.headers["X-Background"] = "1";
  });

  const warning = document.getElementById("session-warning");
  const ended = document.getElementById("session-ended");
  if (!warning) return;

  const { state, user } = warning.dataset;
  const warnFor = Number(warning.dataset.warn) * 1000;
  const LONGEST_TIMER = 2 ** 31 - 1;
  const ASKED_EVERY = 15; // seconds, while the warning stands: another tab may be in use
  let endsAt = Date.now() + Number(warning.dataset.left) * 1000;
  let dismissed = false; // the warning, by who does not want to stay
  let waiting = null; // the form that could not be sent
  let timer;

  const left = () => endsAt - Date.now();

  function say(milliseconds) {
    const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
    if (seconds < 60) return `${seconds} ${seconds === 1 ? "second" : "seconds"}`;
    const minutes = Math.floor(seconds / 60);
    const rest = seconds % 60 ? ` ${seconds % 60} s` : "";
    return `${minutes} ${minutes === 1 ? "minute" : "minutes"}${rest}`;
  }

  function close(dialog) {
    if (dialog.open) dialog.close();
  }

  function showWarning() {
    const text = say(left());
    warning.querySelector("[data-countdown]").textContent = text;
    if (!warning.open) {
      if (dismissed) return;
      warning.showModal();
      warning.querySelector("button:not([hidden])").focus();
      return;
    }
    const seconds = Math.ceil(left() / 1000);
    if (seconds === 60 || seconds === 30 || seconds === 10) {
      warning.querySelector("[data-said]").textContent = `You are signed out in ${text}.`;
    }
  }

  function showEnded() {
    close(warning);
    if (!ended.open) ended.showModal();
  }

  // Looks again when something is due: the warning, each second while it stands, and the end.
  function schedule() {
    clearTimeout(timer);
    if (left() > warnFor) {
      dismissed = false;
      timer = setTimeout(check, Math.min(left() - warnFor, LONGEST_TIMER));
      return;
    }
    if (left() <= 0) return check();
    showWarning();
    timer = setTimeout(Math.ceil(left() / 1000) % ASKED_EVERY === 0 ? check : schedule, 1000);
  }

  function renewTokens(token) {
    for (const field of document.querySelectorAll('input[name="csrfmiddlewaretoken"]')) field.value = token;
  }

  function take(answer) {
    endsAt = Date.now() + answer.left * 1000;
    const other = answer.user !== "" && answer.user !== user;
    ended.querySelector("[data-other]").hidden = !other;
    if (answer.left <= 0 || other) {
      clearTimeout(timer);
      return showEnded();
    }
    renewTokens(answer.token);
    for (const part of warning.querySelectorAll("[data-renewable]")) part.hidden = !answer.renewable;
    for (const part of warning.querySelectorAll("[data-final]")) part.hidden = answer.renewable;
    close(ended);
    if (left() > warnFor) close(warning);
    schedule();
    sendWaiting();
  }

  function sendWaiting() {
    const sent = waiting;
    waiting = null;
    if (sent?.form.isConnected) sent.form.requestSubmit(sent.button);
  }

  async function ask(address, options) {
    const response = await fetch(address, { ...options, headers: { Accept: "application/json", ...options.headers } });
    if (!response.ok) throw new Error(`${response.status}`);
    return response.json();
  }

  // Another tab may have prolonged the session, and somebody may have ended it: only the server knows.
  async function check() {
    try {
      take(await ask(state, { headers: { "X-Background": "1" } }));
    } catch {
      clearTimeout(timer);
      if (left() > 0 && left() <= warnFor) showWarning();
      timer = setTimeout(check, 10_000);
    }
  }

  warning.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      take(await ask(form.action, { method: "POST", body: new FormData(form) }));
      channel?.postMessage("renewed");
    } catch {
      warning.querySelector("[data-said]").textContent = "That failed. Try again.";
      check();
    }
  });
  warning.addEventListener("cancel", () => {
    dismissed = true;
  });
  warning.querySelector("[data-close]").addEventListener("click", () => {
    dismissed = true;
    warning.close();
  });
  ended.querySelector("[data-check]").addEventListener("click", check);
  channel?.addEventListener("message", check);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && (left() <= warnFor || ended.open)) check();
  });

  // A form that is sent too late waits for the sign-in.
  document.addEventListener(
    "submit",
    (event) => {
      const sends = event.target.getAttribute("method")?.toLowerCase() === "post";
      if (left() > 0 || !sends || warning.contains(event.target)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      waiting = { form: event.target, button: event.submitter };
      check();
    },
    true,
  );
  document.addEventListener(
    "htmx:responseError",
    (event) => {
      const { xhr, elt, requestConfig } = event.detail;
      if (xhr.status !== 401 || !xhr.getResponseHeader("X-Session-Ended")) return;
      event.stopImmediatePropagation();
      if (elt instanceof HTMLFormElement && requestConfig.verb !== "get") {
        waiting = { form: elt, button: requestConfig.triggeringEvent?.submitter ?? null };
      }
      clearTimeout(timer);
      endsAt = 0;
      showEnded();
    },
    true,
  );

  if (left() > warnFor) schedule();
  else check();
})();
