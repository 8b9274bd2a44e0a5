"""The list of members."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from apps.core.tables import ChoiceFilter, Column, Table, YesNoFilter, attribute
from apps.users.models import User
from apps.users.roles import ROLE_CHOICES


def with_factors(people: QuerySet[User]) -> QuerySet[Any]:
    """Each with `has_factor`: whether something besides the password is asked for."""
    factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return people.annotate(has_factor=Exists(factors))


def name_state(user: User) -> str:
    return "active" if user.is_active else "deactivated"


class MemberTable(Table):
    page = "users:members"
    noun = ("member", "members")
    columns = (
        Column("email", "Address", attribute("email"), sort="email", width="rest"),
        Column("name", "Name", attribute("full_name"), sort="full_name", width="l", unlabelled=True),
        Column("role", "Role", lambda user: user.get_role_display(), sort="role", width="s", unlabelled=True),
        Column("factor", "2nd factor", attribute("has_factor"), sort="has_factor", drawn=True, width="s"),
        Column("seen", "Last signed in", attribute("last_login"), sort="last_login", nullable=True),
        Column("state", "State", name_state, sort="is_active", drawn=True, unlabelled=True),
        Column("joined", "Joined", attribute("date_joined"), sort="date_joined", hidden=True),
    )
    default_sort = "email"
    filters = (
        ChoiceFilter("role", "Role", choices=ROLE_CHOICES),
        YesNoFilter("factor", "Second factor", holds=Q(has_factor=True), yes="On", no="None"),
        YesNoFilter("active", "State", holds=Q(is_active=True), yes="Active", no="Deactivated"),
    )
    search_label = "Find by name or address"
    cells = "users/lists/_member_cells.html"
    panel = "users/lists/_member_peek.html"

    def rows(self) -> QuerySet[Any]:
        return with_factors(User.objects.all())

    def find(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(email__icontains=text) | Q(full_name__icontains=text))

    def href(self, row: Any) -> str:
        return reverse("users:member", args=[row.pk])
