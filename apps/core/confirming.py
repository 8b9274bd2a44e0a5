"""What cannot be undone is confirmed by typing its name. The browser only helps: the server decides."""

import unicodedata

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

FIELD = "confirm"
ASKED_ANEW = (FIELD, "csrfmiddlewaretoken")


def ask_to_confirm(
    request: HttpRequest, *, phrase: str, title: str, text: str, button: str, cancel: str
) -> HttpResponse | None:
    """None when the phrase came along with the form; else the page that asks for it, which sends the form again.

    To be called before anything is changed. `text` says what will be lost, `cancel` is the address to go back to.
    `components/confirm.html` asks for the phrase at once, in a dialog.
    """
    typed = request.POST.get(FIELD, "")
    if same_phrase(typed, phrase):
        return None
    error = f"This is not “{phrase}”. Nothing was changed." if typed.strip() else ""
    kept = [(name, value) for name, values in request.POST.lists() if name not in ASKED_ANEW for value in values]
    context = {"phrase": phrase, "title": title, "text": text, "button": button, "cancel": cancel}
    return render(request, "core/confirm.html", {**context, "error": error, "kept": kept}, status=422)


def same_phrase(typed: str, phrase: str) -> bool:
    """As it reads: runs of white space and ways of composing letters make no difference, capitals do."""
    return _as_read(typed) == _as_read(phrase) != ""


def _as_read(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
