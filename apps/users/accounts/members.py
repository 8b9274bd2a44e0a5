"""What admins change about people."""

import structlog
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.urls import reverse

from apps.core import audit
from apps.core.errors import Conflict, InvalidInput
from apps.users.accounts.mail import on_site, send_mail
from apps.users.models import User
from apps.users.roles import PEOPLE, SIGN_IN, Role, grants
from apps.users.services import is_last_admin, tell_of_rights

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
        tell_of_rights(locked)
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
        tell_of_rights(locked)
    log.info("active_set", user=locked.pk, active=active)


def remove_second_factors(*, member: User) -> int:
    """For who has lost theirs; how many that were. They are told by e-mail."""
    removed, _ = Authenticator.objects.filter(user=member).delete()
    if removed:
        audit.record("second_factor.removed", subject=member, count=removed)
        send_mail("users/email/second_factor_removed", member.email)
    return removed


def make_password_link(*, member: User) -> str:
    """A link with which they choose a new password, where none can be sent to them. Raises Conflict."""
    if not (member.is_active and grants(member.role, SIGN_IN)):
        raise Conflict("This account signs in to no page.", code="signs_in_nowhere")
    audit.record("password_link.made", subject=member)
    names = {"uidb36": user_pk_to_url_str(member), "key": default_token_generator.make_token(member)}
    return on_site(reverse("account_reset_password_from_key", kwargs=names))


def lock_admins_and(member: User) -> User:
    """The member as they are now. Two admins who end each other at the same time do so one after the other."""
    list(User.objects.select_for_update().filter(role=Role.ADMIN).order_by("pk").values_list("pk"))
    return User.objects.select_for_update().get(pk=member.pk)
