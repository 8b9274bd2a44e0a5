"""Search over the API without the framework around it, for the request that nearly all are: a program's plain query.

What is refused, or is out of the ordinary in any way, gets no answer here: the API view then gives it, or says what is
wrong with it. So there is one place for errors, and this one only ever says what the view would have said.
"""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from rest_framework.exceptions import APIException

from apps.core.afterwards import do_afterwards
from apps.core.errors import InvalidInput
from apps.functions.services.searching import search_as_json
from apps.users.authentication import is_as_kept, sign_in
from apps.users.jwt.authentication import sign_in_with_jwt
from apps.users.limits.requests import add_headers, count_request
from apps.users.scopes import FUNCTIONS_READ

FILTERS = ("language", "library")
PARAMETERS = ("q", *FILTERS, "limit")
LIMIT = re.compile(r"[1-9][0-9]?|100", re.ASCII)
ANY_TYPE = ("", "*/*", "application/json")
HEADERS = {"Vary": "Accept", "Allow": "GET, HEAD, OPTIONS"}


def answer_quickly(request: HttpRequest) -> HttpResponse | None:
    """The answer to a plain search of a program that may read functions; None for whatever else the request is."""
    if request.method != "GET" or not is_plain(request.META):
        return None
    wanted = read_plain(request.GET)
    if wanted is None:
        return None
    try:
        program = sign_in_with_jwt(request, kept=True) or sign_in(request, kept=True)
        if program is None or FUNCTIONS_READ not in program.effective_scopes:
            return None
        verdict = count_request(request, program.user, program)
        if verdict.code or not is_as_kept(program, verdict.version):
            return None
        body, keep = search_as_json(user_id=program.user_id, **wanted)
    except (APIException, InvalidInput):
        return None
    response = HttpResponse(body, content_type="application/json", headers=HEADERS)
    add_headers(request, response)
    do_afterwards(response, keep)
    return response


def is_plain(meta: dict[str, Any]) -> bool:
    """Whether the request has no body and is content with JSON."""
    return meta.get("CONTENT_LENGTH") in (None, "", "0") and meta.get("HTTP_ACCEPT", "") in ANY_TYPE


def read_plain(given: QueryDict) -> dict[str, Any] | None:
    """The parameters of `search_as_json`; None unless each is known and as a client means it."""
    values = given.dict()
    if "q" not in values or any(name not in PARAMETERS or "\0" in str(value) for name, value in values.items()):
        return None
    wanted: dict[str, Any] = {"query": values["q"]}
    for name in FILTERS:
        if name in values:
            wanted[name] = str(values[name]).strip()
            if not wanted[name]:
                return None
    if "limit" in values:
        if not LIMIT.fullmatch(str(values["limit"])):
            return None
        wanted["limit"] = int(str(values["limit"]))
    return wanted
