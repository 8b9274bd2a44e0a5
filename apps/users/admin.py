"""Curation of people and keys, for those with the role admin."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.core.admin_base import CuratedAdmin
from apps.users.jwt import admin as token_admin  # noqa: F401 - Django looks for admins here
from apps.users.models import ApiKey, User
from apps.users.roles import Role
from apps.users.services import is_last_admin, revoke_keys, tell_of_rights
from apps.users.tokens import KeyState

STATE_COLOURS = {KeyState.ACTIVE: "success", KeyState.EXPIRED: "warning", KeyState.REVOKED: "danger"}


class NewUserForm(UserCreationForm):
    class Meta:
        model = User
        fields = ["email", "full_name", "role"]


class EditUserForm(UserChangeForm):
    class Meta:
        model = User
        fields = ["email", "full_name", "role", "is_active"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        stays = cleaned.get("role") == Role.ADMIN and cleaned.get("is_active")
        if not stays and is_last_admin(self.instance):
            raise ValidationError("This is the last active admin: make another one first.", code="last_admin")
        return cleaned


class KeyStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.value.capitalize()) for state in KeyState]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[ApiKey]:
        state = self.value()
        if state not in list(KeyState):
            return queryset
        in_state: QuerySet[ApiKey] = queryset.in_state(KeyState(state), timezone.now())
        return in_state


@admin.register(User)
class UserAdmin(BaseUserAdmin, CuratedAdmin):
    form = EditUserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "full_name", "role", "is_active", "last_login", "date_joined"]
    list_filter = ["role", "is_active"]
    search_fields = ["email", "full_name"]
    ordering = ["email"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "full_name", "password"]}),
        ("Rights", {"fields": ["role", "is_active"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "full_name", "role", "password1", "password2"]})]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        tell_of_rights(obj)
        if not change or "email" in form.changed_data:
            obj.vouch_for_email()

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People are deactivated, not deleted: the history of what they changed keeps their name."""
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(CuratedAdmin):
    list_display = ["name", "user", "prefix", "show_state", "list_scopes", "expires_at", "last_used_at", "created_at"]
    list_filter = [KeyStateFilter]
    search_fields = ["name", "prefix", "user__email"]
    actions = ["revoke_selected"]
    fields = [
        "name",
        "user",
        "prefix",
        "show_state",
        "show_scopes",
        "show_networks",
        "requests_per_minute",
        "requests_per_month",
        "created_at",
        "rotated_at",
        "expires_at",
        "last_used_at",
        "last_used_from",
        "revoked_at",
    ]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Keys are made by their owner or by `create_key`, which show the token; this form could not."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """A revoked key stays, so that its last use can be looked up."""
        return False

    @display(description="state", label={state.value: colour for state, colour in STATE_COLOURS.items()})
    def show_state(self, key: ApiKey) -> str:
        return key.state.value

    @display(description="scopes")
    def show_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description="scopes")
    def list_scopes(self, key: ApiKey) -> str:
        """In a line of the list: the first, and how many more."""
        first, *others = key.scopes or ["none"]
        return f"{first} and {len(others)} more" if others else first

    @display(description="networks")
    def show_networks(self, key: ApiKey) -> str:
        return ", ".join(key.networks) or "any"

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        ended = revoke_keys(keys=queryset)
        self.message_user(request, f"{ended} revoked. Programs that use them are refused from now on.")


# Rights come from roles alone: a page of groups that change nothing would mislead. Addresses and second factors have
# pages of their own, which keep their rules.
for model in (Group, EmailAddress, Authenticator):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
# One way in: what holds for the pages' sign-in, second factors too, holds for the admin.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
