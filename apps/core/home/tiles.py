"""The tiles, and the sources that several apps fill them from. Apps register theirs from `apps.py`, by dotted path."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

from apps.core.home.items import Decision, News, Step, Tile

Teller = Callable[[Any, datetime], list[News]]
Asker = Callable[[Any], list[Decision]]
Guide = Callable[[Any], list[Step]]

MOST_NEWS = 8

_tiles: dict[str, Tile] = {}
_news: list[str] = []
_decisions: list[str] = []
_steps: list[str] = []

log = structlog.get_logger("touchstone.home")


def register_tile(tile: Tile) -> None:
    _tiles[tile.name] = tile


def register_news(path: str) -> None:
    """`path` is where a Teller is: what happened since a time that the user may know of."""
    _add(_news, path)


def register_decisions(path: str) -> None:
    """`path` is where an Asker is: what waits for the user."""
    _add(_decisions, path)


def register_steps(path: str) -> None:
    """`path` is where a Guide is: what is done first, as far as the user may know."""
    _add(_steps, path)


def list_tiles(user: Any) -> list[Tile]:
    return sorted((tile for tile in _tiles.values() if tile.is_for(user)), key=lambda tile: tile.place)


def find_tile(name: str, user: Any) -> Tile | None:
    tile = _tiles.get(name)
    return tile if tile and tile.is_for(user) else None


def render_tile(request: HttpRequest, tile: Tile) -> str:
    """The panel; where it fails it says so and offers to try again, and nothing else fails with it."""
    try:
        found = import_string(tile.build)(request.user)
        if found is None:
            return render_to_string("core/home/_none.html", {"tile": tile}, request)
        return render_to_string(tile.template, {"tile": tile, **found}, request)
    except Exception:
        log.exception("tile_failed", tile=tile.name)
        return render_to_string("core/home/_failed.html", {"tile": tile}, request)


def gather_news(user: Any, since: datetime) -> list[News]:
    """The newest first, of all apps."""
    found = [news for path in _news for news in import_string(path)(user, since)]
    return sorted(found, key=lambda news: news.at, reverse=True)[:MOST_NEWS]


def gather_decisions(user: Any) -> list[Decision]:
    """The bad ones first, of all apps."""
    found = [decision for path in _decisions for decision in import_string(path)(user)]
    return sorted(found, key=lambda decision: decision.tone != "bad")


def gather_steps(user: Any) -> list[Step]:
    return sorted((step for path in _steps for step in import_string(path)(user)), key=lambda step: step.place)


def _add(paths: list[str], path: str) -> None:
    if path not in paths:
        paths.append(path)
