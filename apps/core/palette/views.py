from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from apps.core.htmx import PageRequest
from apps.core.palette.offering import MOST_TYPED, offer


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def show_palette(request: PageRequest) -> HttpResponse:
    """The palette's list when htmx asks for it; the same as a page for who has no JavaScript."""
    query = request.GET.get("q", "")[:MOST_TYPED]
    template = "core/_palette_options.html" if request.htmx.target == "palette-list" else "core/palette.html"
    return render(request, template, {"query": query, "groups": offer(user=request.user, query=query)})
