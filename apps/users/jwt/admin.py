"""Looking after the tokens of everybody's programs, for those with the role admin."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from apps.core.admin_base import CuratedAdmin
from apps.users.jwt.models import TokenFamily
from apps.users.jwt.services import revoke_families
from apps.users.tokens import KeyState

STATE_COLOURS = {KeyState.ACTIVE.value: "success", KeyState.EXPIRED.value: "warning", KeyState.REVOKED.value: "danger"}


@admin.register(TokenFamily)
class TokenFamilyAdmin(CuratedAdmin):
    list_display = ["user", "name", "show_state", "created_at", "created_from", "last_used_at", "last_used_from"]
    list_select_related = ["user"]
    list_filter = ["ending"]
    search_fields = ["name", "user__email"]
    actions = ["revoke_selected"]
    fields = [
        "user",
        "name",
        "show_state",
        "created_at",
        "created_from",
        "refreshed_at",
        "expires_at",
        "last_used_at",
        "last_used_from",
        "revoked_at",
        "ending",
    ]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """One is begun by signing in."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TokenFamily | None = None) -> bool:
        """One that ended stays for a while, so that its last use can be looked up."""
        return False

    @display(description="state", label=STATE_COLOURS)
    def show_state(self, family: TokenFamily) -> str:
        return family.state.value

    @admin.action(description="Revoke the selected families", permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[TokenFamily]) -> None:
        ended = revoke_families(families=queryset)
        self.message_user(request, f"{ended} revoked. Their tokens are refused from now on.")
