"""What a request may do, from one declaration on the view.

    class FunctionViewSet(...):
        required_scopes = {"GET": FUNCTIONS_READ, "POST": FUNCTIONS_WRITE, "run_import": FUNCTIONS_IMPORT}

Names on the left are methods, or a viewset's actions where those differ (an action outweighs its method; HEAD and
OPTIONS are as GET). Each scope stands for a permission. The user must have it by role, and a key must carry the scope
as well: so a key never does more than its owner may. A view without `required_scopes` is for signed-in people only.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.users.models import ApiKey, User
from apps.users.scopes import ANY_SCOPE, SCOPES

if TYPE_CHECKING:  # this module is a default of REST framework, which loads it while its views are loading
    from rest_framework.views import APIView

AS_GET = ("HEAD", "OPTIONS")


class HasScope(BasePermission):
    """Refuses, naming the scope or the role that is missing."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if request.method not in view.allowed_methods:
            return True  # and the view answers 405
        key = request.auth if isinstance(request.auth, ApiKey) else None
        declared: Mapping[str, str] | None = getattr(view, "required_scopes", None)
        if declared is None:
            if key is not None:
                raise PermissionDenied("This is for signed-in people, not for API keys.", "key_not_allowed")
            return True
        scope = find_scope(declared, request, view)
        if scope is None:
            return False
        if scope != ANY_SCOPE:
            check_scope(request, key, scope)
        return True


def find_scope(declared: Mapping[str, str], request: Request, view: "APIView") -> str | None:
    """The scope that the view asks of this request; None where it forgot to say, which refuses everybody."""
    method = "GET" if request.method in AS_GET else str(request.method)
    return declared.get(getattr(view, "action", None) or method, declared.get(method))


def check_scope(request: HttpRequest | Request, key: ApiKey | None, scope: str) -> None:
    """Raises PermissionDenied unless the user's role allows what `scope` stands for, and the key, if any, has it."""
    if key is not None and scope not in key.scopes:
        raise PermissionDenied(f"The API key lacks the scope {scope}.", "missing_scope")
    allowed = scope in key.effective_scopes if key is not None else request.user.has_perm(SCOPES[scope].permission)
    if not allowed:
        raise PermissionDenied(f"The role {get_user(request).role} does not allow {scope}.", "role_not_allowed")


def get_user(request: HttpRequest | Request) -> User:
    """The signed-in user, typed, for views that nobody else reaches; NotAuthenticated where somebody does."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
