"""Ways past most of the middleware, for requests that come often and need nothing of it.

SHORT_WAYS has, by path, a function that may answer a GET there with 200, and gives None for whatever else a request is:
that goes on to the view. Left out is what is for people and their browsers: sessions, forms, messages, and policies
for pages that run scripts.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string
from django_prometheus.middleware import Metrics
from prometheus_client import Counter, Histogram

from apps.core.afterwards import do_afterwards


@dataclass(frozen=True, slots=True)
class ShortWay:
    """`view` is the name of the view that answers what this does not."""

    answer: Callable[[HttpRequest], HttpResponse | None]
    view: str


class ShortWayMiddleware:
    """Belongs behind what every request needs, and before what only pages do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        way = find_way(path) if path in settings.SHORT_WAYS else None
        return (way and take(way, request)) or self.get_response(request)


@cache
def find_way(path: str) -> ShortWay | None:
    """The way that SHORT_WAYS has for the path; None in a process that has no view there."""
    try:
        view = resolve(path).view_name
    except Resolver404:
        return None
    return ShortWay(import_string(settings.SHORT_WAYS[path]), view)


def take(way: ShortWay, request: HttpRequest) -> HttpResponse | None:
    started = time.perf_counter()
    try:
        request.get_host()
    except DisallowedHost:
        return None
    response = way.answer(request)
    if response is None:
        return None
    size = len(response.content)
    response["Content-Length"] = str(size)
    do_afterwards(response, partial(count_answer, way, request.scheme or "", size, time.perf_counter() - started))
    return response


def count_answer(way: ShortWay, transport: str, size: int, seconds: float) -> None:
    counters, requested, sent, latency = find_metrics(way.view, transport)
    for counter in counters:
        counter.inc()
    requested.observe(0)
    sent.observe(size)
    latency.observe(seconds)


@cache
def find_metrics(view: str, transport: str) -> tuple[list[Counter], Histogram, Histogram, Histogram]:
    """What django-prometheus has of an answer behind the middleware: counters, sizes of requests and answers, times."""
    known, method, status = Metrics.get_instance(), "GET", "200"
    counters = [
        known.requests_by_method.labels(method=method),
        known.requests_by_transport.labels(transport=transport),
        known.requests_by_view_transport_method.labels(view=view, transport=transport, method=method),
        known.responses_by_status.labels(status=status),
        known.responses_by_status_view_method.labels(status=status, view=view, method=method),
        known.responses_by_charset.labels(charset="utf-8"),
    ]
    latency = known.requests_latency_by_view_method.labels(view=view, method=method)
    return counters, known.requests_body_bytes, known.responses_body_bytes, latency
