"""Pages: how models perform, and calls of them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.htmx import PageRequest
from apps.core.tables import render_table
from apps.inference.forms import RetentionForm
from apps.inference.lists import SEE_ALL, CallTable
from apps.inference.models import CallText
from apps.inference.performance.chart import draw
from apps.inference.performance.figures import list_buckets
from apps.inference.performance.reading import read_figures
from apps.inference.performance.resetting import reset_performance
from apps.inference.performance.windows import Window
from apps.inference.recording.keeping import forget_texts, keep_texts_for, read_days
from apps.inference.standing import list_cache_standings, list_standings
from apps.users.permissions import get_user

DRAWN_BOUNDS = (1, 5, 10, 50, 100, 300, 1000, 3000, 10_000, 60_000)
"""Of the latencies that are drawn, in milliseconds: fewer than are counted."""


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def show_performance(request: PageRequest) -> HttpResponse:
    """Everybody's figures for who may see calls, else one's own; for htmx the figures alone."""
    window = read_window(request)
    sees_all = request.user.has_perm(SEE_ALL)
    of_all = sees_all and request.GET.get("whose") != "own"
    figures = read_figures(window, owner=None if of_all else int(request.user.pk or 0))
    buckets = list_buckets(figures.latency.coarsen(DRAWN_BOUNDS))
    context: dict[str, Any] = {
        "figures": figures,
        "total": figures.total,
        "buckets": buckets,
        "most_in_bucket": max((bucket["requests"] for bucket in buckets), default=0),
        "chart": draw(figures.bars),
        "tabs": list_tabs(window, of_all=of_all),
        "window": window,
        "sees_all": sees_all,
        "standings": list_standings(request.user),
        "cache_standings": list_cache_standings(request.user) if of_all else (),
    }
    template = "inference/_figures.html" if request.htmx.target == "figures" else "inference/performance.html"
    return render(request, template, context)


@require_POST
def reset_figures(request: HttpRequest) -> HttpResponse:
    reset_performance(by=get_user(request))
    messages.success(request, "Figures since the last reset begin now. Hours, days and weeks stay as they are.")
    return redirect(f"{redirect('inference:performance').url}?window={Window.RESET.value}")


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def list_calls(request: PageRequest) -> HttpResponseBase:
    return render_calls(request, RetentionForm(initial={"days": read_days(request.user)}))


@require_POST
def keep_texts(request: PageRequest) -> HttpResponseBase:
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return render_calls(request, form, status=422)
    days = form.cleaned_data["days"]
    keep_texts_for(user=get_user(request), days=days)
    said = f"Your questions and answers are kept for {days} days from now on." if days else "None is kept from now on."
    messages.success(request, said)
    return redirect("inference:calls")


@require_POST
def forget_kept(request: HttpRequest) -> HttpResponse:
    count = forget_texts(user=get_user(request))
    messages.success(request, f"Deleted the questions and answers of {count:,} calls.")
    return redirect("inference:calls")


def render_calls(request: PageRequest, form: RetentionForm, *, status: int = 200) -> HttpResponseBase:
    table = CallTable(get_user(request))
    kept = CallText.objects.filter(call__user=get_user(request)).count() if not request.htmx.target else 0
    path = redirect("inference:calls").url
    return render_table(request, table, "inference/calls.html", {"form": form, "kept": kept}, status=status, path=path)


def read_window(request: HttpRequest) -> Window:
    """What makes no sense is a day, as nothing is."""
    text = request.GET.get("window", "")
    return Window(text) if text in set(Window) else Window.DAY


def list_tabs(window: Window, *, of_all: bool) -> list[dict[str, Any]]:
    whose = "" if of_all else "&whose=own"
    return [
        {"title": one.label, "href": f"?window={one.value}{whose}", "current": one is window, "count": None}
        for one in Window
    ]
