"""Every route of a process, as its requests are resolved."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import ResolverMatch, URLPattern, URLResolver, get_resolver


@dataclass(frozen=True, slots=True)
class Route:
    """`name` is what a request's `view_name` is; `pattern` is Django's, such as `functions/<int:pk>/`."""

    name: str
    pattern: str


def walk_routes(urls: str | None = None) -> list[Route]:
    """In the order in which they are tried; those of the process itself unless `urls` names another module of them."""
    return list(_walk(get_resolver(urls), "", ()))


def _walk(resolver: URLResolver, prefix: str, spaces: tuple[str, ...]) -> Iterator[Route]:
    for one in resolver.url_patterns:
        pattern = prefix + str(one.pattern)
        if isinstance(one, URLPattern):
            match = ResolverMatch(one.callback, (), {}, url_name=one.name, namespaces=list(spaces))
            yield Route(match.view_name, pattern)
        else:
            yield from _walk(one, pattern, (*spaces, *filter(None, [one.namespace])))
