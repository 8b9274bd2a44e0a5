"""The living page of the design system: every part in every state, from the same partials that pages are made of."""

import re
from pathlib import Path

from django import forms
from django.contrib import messages
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.core.confirming import ask_to_confirm

SECTIONS = (
    ("colours", "Colours"),
    ("type", "Type and space"),
    ("icons", "Icons"),
    ("navigation", "Navigation"),
    ("buttons", "Buttons"),
    ("forms", "Forms"),
    ("table", "Tables"),
    ("badges", "Badges and chips"),
    ("tiles", "Stat tiles"),
    ("tabs", "Tabs"),
    ("menu", "Menus"),
    ("peek", "Peek panel"),
    ("empty", "Empty states"),
    ("loading", "Loading and progress"),
    ("messages", "Toasts and messages"),
    ("dialog", "Dialogs and confirming"),
    ("palette", "Command palette"),
)
THEMES = ("light", "dark")
PHRASE = "demo-suite"
COLOURS = {
    "Grounds": ("bg", "surface", "sunken", "raised", "hover", "selected"),
    "Lines": ("line", "line-strong", "focus"),
    "Text": ("text", "muted", "accent", "accent-strong"),
    "Verdicts": ("good", "good-bg", "warn", "warn-bg", "bad", "bad-bg"),
}
SPACES = ("1", "2", "3", "4", "5", "6", "8", "12")
SIZES = ("2xl", "xl", "l", "m", "s", "xs")
TONES = (("", "Neutral"), ("accent", "Running"), ("good", "Succeeded"), ("warn", "Cancelled"), ("bad", "Failed"))
TABS = (
    {"title": "Runs", "href": "#tabs", "current": True, "count": None},
    {"title": "Cases", "href": "#tabs", "current": False, "count": 128},
    {"title": "Settings", "href": "#tabs", "current": False, "count": None},
)


class SampleForm(forms.Form):
    name = forms.CharField(max_length=40, help_text="Lower case, without spaces.")
    language = forms.ChoiceField(choices=[("", "Any"), ("go", "Go"), ("python", "Python")], required=False)
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    emails = forms.BooleanField(label="Tell me by e-mail", required=False, help_text="Only when something got worse.")
    when = forms.ChoiceField(
        label="How often", choices=[("day", "Every day"), ("week", "Every week")], widget=forms.RadioSelect
    )


@require_http_methods(["GET", "POST"])
def show_design(request: HttpRequest) -> HttpResponse:
    """The page; its form that is confirmed by typing, and which changes nothing, posts here."""
    if request.method == "POST":
        return _confirm_sample(request)
    disabled = SampleForm(prefix="disabled", initial={"name": "sort-slices", "when": "day"})
    for field in disabled.fields.values():
        field.disabled = True
    context = {
        "sections": SECTIONS,
        "themes": THEMES,
        "form": SampleForm(prefix="sample", initial={"when": "day"}),
        "faulty": SampleForm({"faulty-name": "n" * 41}, prefix="faulty"),
        "disabled": disabled,
        "phrase": PHRASE,
        "colours": COLOURS,
        "spaces": SPACES,
        "sizes": SIZES,
        "icons": _list_icons(),
        "tones": TONES,
        "tabs": TABS,
    }
    return render(request, "core/design.html", context)


def _confirm_sample(request: HttpRequest) -> HttpResponse:
    page = reverse("core:design")
    question = ask_to_confirm(
        request,
        phrase=PHRASE,
        title="Delete the suite?",
        text="Its 128 cases and 40 runs go with it. This cannot be undone.",
        button="Delete the suite",
        cancel=page,
    )
    if question:
        return question
    messages.success(request, "Confirmed. Here nothing is deleted: this is the design page.")
    return redirect(page)


def _list_icons() -> list[str]:
    sprite = Path(str(finders.find("icons/icons.svg"))).read_text()
    return re.findall(r'<symbol id="([\w-]+)"', sprite)
