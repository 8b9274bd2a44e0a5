"""What admins change about people."""

import structlog
from allauth.mfa.models import Authenticator
from django.db import transaction

from apps.core import audit
from apps.core.errors import Conflict, InvalidInput
from apps.users.accounts.mail import send_mail
from apps.users.models import User
from apps.users.roles import PEOPLE, Role
from apps.users.services import is_last_admin

LAST_ADMIN = "This is the last active admin: make another one first."

log = structlog.get_logger(__name__)


def set_role(*, member: User, role: str) -> None:
    """Raises InvalidInput naming `role`, Conflict for the last admin and for accounts of programs."""
    if role not in PEOPLE:
        raise InvalidInput({"role": f"must be one of {', '.join(sorted(PEOPLE))}"})
    with transaction.atomic():
        locked = lock_admins_and(member)
        if locked.role == Role.SERVICE:
            raise Conflict("This is a program's account, and stays one.", code="program_account")
        if role != Role.ADMIN and is_last_admin(locked):
            raise Conflict(LAST_ADMIN, code="last_admin")
        locked.role = Role(role).value
        locked.save(update_fields=["role"])
    log.info("role_set", user=locked.pk, role=locked.role)


def set_active(*, member: User, active: bool, by: User) -> None:
    """Without it they are signed out everywhere, and their keys are dead. Raises Conflict."""
    if member == by and not active:
        raise Conflict("You cannot deactivate yourself.", code="own_account")
    with transaction.atomic():
        locked = lock_admins_and(member)
        if not active and is_last_admin(locked):
            raise Conflict(LAST_ADMIN, code="last_admin")
        locked.is_active = active
        locked.save(update_fields=["is_active"])
    log.info("active_set", user=locked.pk, active=active)


def remove_second_factors(*, member: User) -> int:
    """For who has lost theirs; how many that were. They are told by e-mail."""
    removed, _ = Authenticator.objects.filter(user=member).delete()
    if removed:
        audit.record("second_factor.removed", subject=member, count=removed)
        send_mail("users/email/second_factor_removed", member.email)
    return removed


def lock_admins_and(member: User) -> User:
    """The member as they are now. Two admins who end each other at the same time do so one after the other."""
    list(User.objects.select_for_update().filter(role=Role.ADMIN).order_by("pk").values_list("pk"))
    return User.objects.select_for_update().get(pk=member.pk)
