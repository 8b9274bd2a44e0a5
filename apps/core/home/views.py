from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from apps.core.home.tiles import find_tile, list_tiles, render_tile
from apps.core.home.visits import begin_visit
from apps.core.htmx import PageRequest


@require_GET
@cache_control(private=True, no_cache=True)
def show_home(request: HttpRequest) -> HttpResponse:
    begin_visit(request.user)
    tiles = list_tiles(request.user)
    shown = [(tile, "" if tile.is_slow else render_tile(request, tile)) for tile in tiles]
    return render(request, "core/home.html", {"tiles": shown})


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Request")
def show_tile(request: PageRequest, name: str) -> HttpResponse:
    """One tile, when htmx asks for it; as a page for who has no JavaScript."""
    tile = find_tile(name, request.user)
    if tile is None:
        raise Http404
    panel = render_tile(request, tile)
    return HttpResponse(panel) if request.htmx else render(request, "core/home.html", {"tiles": [(tile, panel)]})
