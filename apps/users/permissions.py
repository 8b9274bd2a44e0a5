"""What a request to the API may do: its route's row in the access table says which scope each method asks.

Each scope stands for a permission. The user must have it by role, and a key must carry the scope as well: so a key
never does more than its owner may. A route without a row, and a method that the row leaves out, are refused to all.
"""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.users.access.rules import Who
from apps.users.access.table import find_rule
from apps.users.models import ApiKey, User
from apps.users.roles import SIGN_IN
from apps.users.scopes import SCOPES

if TYPE_CHECKING:  # this module is a default of REST framework, which loads it while its views are loading
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Refuses, naming the scope or the role that is missing."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if request.method not in view.allowed_methods:
            return True  # and the view answers 405
        need = find_need(request)
        if need is None or need == Who.NOBODY:
            return False
        if request.auth is None and not request.user.has_perm(SIGN_IN):
            raise PermissionDenied(f"The role {get_user(request).role} needs a key or token.", "role_not_allowed")
        if need in SCOPES:
            check_scope(request, request.auth, need)
        elif request.auth is not None and need != Who.ANY_KEY:
            raise PermissionDenied("This is for signed-in people, not for keys and tokens.", "key_not_allowed")
        return True


def find_need(request: Request) -> str | None:
    """What the row of the request's route asks; None where there is none, which refuses everybody."""
    rule = find_rule(request.resolver_match.view_name) if request.resolver_match else None
    return rule.need_of(str(request.method)) if rule else None


def check_scope(request: HttpRequest | Request, auth: object, scope: str) -> None:
    """Raises PermissionDenied unless the user's role allows what `scope` stands for, and a key carries it.

    `auth` is what signed the request in: an API key, or something that may all that its user may.
    """
    key = auth if isinstance(auth, ApiKey) else None
    if key and scope not in key.scopes:
        raise PermissionDenied(f"The API key lacks the scope {scope}.", "missing_scope")
    user = key.user if key else get_user(request)
    if scope not in user.key_scopes:
        raise PermissionDenied(f"The role {user.role} does not allow {scope}.", "role_not_allowed")


def get_user(request: HttpRequest | Request) -> User:
    """The signed-in user, typed, for views that nobody else reaches; NotAuthenticated where somebody does."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
