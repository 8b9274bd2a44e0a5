"""Who someone is, and what they may do: a password sign-in with a limit on guesses, and rights from the role."""

from typing import Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from apps.users.models import User
from apps.users.roles import grants, grants_app
from apps.users.throttle import count_attempt, forget_attempts


class RoleBackend(ModelBackend):
    """Rights come from the static table in `roles.py`, for every object alike; Django's permission rows go unread."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        # The limit sits here so that the pages, the admin and whatever else signs people in all keep it.
        email = username if username is not None else kwargs.get(User.USERNAME_FIELD)
        if request is None or email is None or password is None:
            return super().authenticate(request, username=email, password=password)
        if count_attempt(request, email):
            raise PermissionDenied("Too many sign-ins tried.")
        user = super().authenticate(request, username=email, password=password)
        if user is not None:
            forget_attempts(request, email)
        return user

    async def aauthenticate(  # type: ignore[override]
        self, request: HttpRequest | None, **credentials: Any
    ) -> User | None:
        return await sync_to_async(self.authenticate)(request, **credentials)

    def has_perm(self, user_obj: Any, perm: str, obj: object = None) -> bool:
        return user_obj.is_active and grants(user_obj.role, perm)

    async def ahas_perm(self, user_obj: Any, perm: str, obj: object = None) -> bool:
        return self.has_perm(user_obj, perm, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return user_obj.is_active and grants_app(user_obj.role, app_label)

    async def ahas_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return self.has_module_perms(user_obj, app_label)

    def get_user_permissions(self, user_obj: Any, obj: object = None) -> set[str]:
        return {perm for perm in every_permission() if self.has_perm(user_obj, perm, obj)}

    async def aget_user_permissions(self, user_obj: Any, obj: object = None) -> set[str]:
        return self.get_user_permissions(user_obj, obj)

    def get_group_permissions(self, user_obj: Any, obj: object = None) -> set[str]:
        return set()

    async def aget_group_permissions(self, user_obj: Any, obj: object = None) -> set[str]:
        return set()

    def get_all_permissions(self, user_obj: Any, obj: object = None) -> set[str]:
        return self.get_user_permissions(user_obj, obj)


def every_permission() -> set[str]:
    """Each permission the installed models declare, as `app.codename`, without asking the database."""
    return {
        f"{model._meta.app_label}.{codename}"
        for model in apps.get_models()
        for codename in (
            *(f"{action}_{model._meta.model_name}" for action in model._meta.default_permissions),
            *(codename for codename, _ in model._meta.permissions),
        )
    }
