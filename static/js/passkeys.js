// Passkeys: asks the browser for one, and sends its answer with the form around the button. Needs webauthn-json.js.
(() => {
  "use strict";

  async function readOptions(button) {
    const { passkeyOptions, passkeyFrom } = button.dataset;
    if (passkeyOptions) return JSON.parse(document.getElementById(passkeyOptions).textContent);
    const answer = await fetch(passkeyFrom, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  function wish(options, form) {
    const alone = form.elements.namedItem("passwordless")?.checked ?? false;
    const selection = options.publicKey.authenticatorSelection;
    selection.residentKey = alone ? "required" : "discouraged";
    selection.requireResidentKey = alone;
    if (alone) selection.userVerification = "required";
    return options;
  }

  async function ask(button) {
    const options = await readOptions(button);
    if (button.dataset.passkey === "get") return window.webauthnJSON.get(options.request_options);
    return window.webauthnJSON.create(wish(options.creation_options, button.form));
  }

  async function answer(button) {
    const error = button.form.querySelector("[data-passkey-error]");
    error.hidden = true;
    try {
      button.form.elements.namedItem("credential").value = JSON.stringify(await ask(button));
      button.form.submit();
    } catch {
      error.textContent = "That did not work. Try again, or use another way.";
      error.hidden = false;
    }
  }

  if (!window.PublicKeyCredential) return;
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.hidden = false;
    button.addEventListener("click", () => answer(button));
  }
})();
