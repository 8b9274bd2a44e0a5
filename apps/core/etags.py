"""Entity tags: how a client says which revision it edits (RFC 9110, sections 8.8.3 and 13.1.1)."""

import re

from rest_framework.exceptions import APIException
from rest_framework.request import Request

TAG = re.compile(r'\s*(W/)?"([^"\x00-\x20\x7f]*)"\s*(?:,|$)')


class PreconditionFailed(APIException):
    status_code = 412
    default_code = "precondition_failed"


def make_etag(key: int, revision: int) -> str:
    """The tag of one revision of one object."""
    return f'"{key}-{revision}"'


def matches_etag(header: str, etag: str) -> bool:
    """Whether an `If-Match` header lets a write to the object tagged `etag` through.

    Weak tags never match, and a header that is no list of tags matches nothing: a write is then refused.
    """
    if header.strip() == "*":
        return True
    position, found = 0, False
    while position < len(header):
        tag = TAG.match(header, position)
        if tag is None:
            return False
        found = found or (not tag[1] and f'"{tag[2]}"' == etag)
        position = tag.end()
    return found


def check_precondition(request: Request, etag: str) -> None:
    """Raises PreconditionFailed when the request is meant for another revision. Have the row locked by then."""
    header = request.headers.get("If-Match")
    if header is not None and not matches_etag(header, etag):
        raise PreconditionFailed(f"It was changed meanwhile: its tag is {etag}, and If-Match says {header[:100]}.")
