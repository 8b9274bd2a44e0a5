"""Who may read the metrics: what asks from the networks that the operator names, and keys that are for it."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed

from apps.core.addresses import client_address
from apps.users.authentication import sign_in
from apps.users.networks import is_within
from apps.users.scopes import METRICS_READ

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
"""What proxies add, of which nobody may have told us."""


def may_scrape(request: HttpRequest) -> bool:
    if is_address_known(request) and is_within(client_address(request), settings.METRICS_NETWORKS):
        return True
    try:
        key = sign_in(request)
    except AuthenticationFailed:
        return False
    return key is not None and METRICS_READ in key.effective_scopes


def is_address_known(request: HttpRequest) -> bool:
    """Not where a proxy passes on what others ask, and TRUSTED_PROXIES counts none: all would seem to ask from here."""
    return bool(settings.TRUSTED_PROXIES) or not any(name in request.META for name in FORWARDED)
