"""What a request is limited by, and how its answer says so."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core.addresses import client_network
from apps.users.limits import counting
from apps.users.limits.policies import Budget, Limit, Verdict, month_of
from apps.users.models import ApiKey, User

API = "/api/"
WHO = {"key": "this key", "user": "your account", "address": "your address"}


class RateLimited(APIException):
    """429, with what was too much and how long to wait."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS

    def __init__(self, verdict: Verdict) -> None:
        self.wait = verdict.wait(timezone.now())
        super().__init__(describe_refusal(verdict, self.wait), verdict.code)


class RateThrottle(BaseThrottle):
    """Counts a request of the API, once."""

    def allow_request(self, request: Request, view: Any) -> bool:
        plain = request._request
        verdict = find_verdict(plain) or count_request(plain, request.user, request.auth)
        if verdict.code:
            raise RateLimited(verdict)
        return True


def count_request(request: HttpRequest, user: object, auth: object) -> Verdict:
    """Counts the request towards its limit, and keeps the verdict with it for the answer's headers."""
    if isinstance(auth, ApiKey):
        verdict = counting.count(*limits_of_key(auth))
    else:
        verdict = counting.count(limit_of(request, user))
    request.limit_verdict = verdict  # type: ignore[attr-defined]
    return verdict


def limits_of_key(key: ApiKey) -> tuple[Limit, Budget | None]:
    limit = Limit("key", str(key.pk), key.requests_per_minute or settings.LIMIT_KEY_PER_MINUTE)
    if key.requests_per_month is None:
        return limit, None
    return limit, Budget(key.pk, key.requests_per_month, month_of(timezone.now()))


def limit_of(request: HttpRequest, user: object) -> Limit:
    if isinstance(user, User):
        return Limit("user", str(user.pk), settings.LIMIT_USER_PER_MINUTE)
    # Apart for pages: a program that goes on with a dead key must not keep people from signing in.
    surface = "api" if request.path_info.startswith(API) else "pages"
    return Limit("address", f"{surface}:{client_network(request)}", settings.LIMIT_ADDRESS_PER_MINUTE)


def find_verdict(request: HttpRequest) -> Verdict | None:
    """What came of counting the request, if it was counted."""
    return getattr(request, "limit_verdict", None)


def describe_refusal(verdict: Verdict, wait: int) -> str:
    if verdict.code == "budget_spent" and verdict.budget:
        budget = verdict.budget
        return (
            f"The {budget.quota:,} requests that this key has a month are spent. "
            f"They renew on {budget.renews:%Y-%m-%d} at midnight UTC."
        )
    limit = verdict.limit
    return f"More than {limit.quota:,} requests in a minute came from {WHO[limit.kind]}. Try again in {wait} seconds."


def add_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    verdict = find_verdict(request)
    if verdict is not None:
        for name, value in verdict.headers(timezone.now()).items():
            response[name] = value
