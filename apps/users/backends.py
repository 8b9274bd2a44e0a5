"""Who someone is, and what they may do: a password sign-in, and rights from the role."""

from typing import Any

from django.apps import apps
from django.contrib.auth.backends import ModelBackend

from apps.users.models import User
from apps.users.roles import RIGHTS, SIGN_IN, grants, grants_app
from apps.users.sessions.reading import take_read_user


class RoleBackend(ModelBackend):
    """Rights come from the static table in `roles.py`, for every object alike; Django's permission rows go unread."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Programs have keys and tokens; no page, session or form lets them in."""
        return super().user_can_authenticate(user) and grants(user.role, SIGN_IN)

    def get_user(self, user_id: Any) -> User | None:
        user = take_read_user(user_id) or User.objects.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

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
    """Each that the installed models declare or the table of rights names, as `app.codename`, without any query."""
    named = {permission for right in RIGHTS for permission in right.permissions}
    return named | {
        f"{model._meta.app_label}.{codename}"
        for model in apps.get_models()
        for codename in (
            *(f"{action}_{model._meta.model_name}" for action in model._meta.default_permissions),
            *(codename for codename, _ in model._meta.permissions),
        )
    }
