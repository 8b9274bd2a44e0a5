"""Inviting people, and what they do with it."""

import secrets
from datetime import timedelta
from hashlib import sha256

import structlog
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import Conflict, InvalidInput
from apps.core.live import announce
from apps.users.accounts.mail import on_site, send_mail
from apps.users.accounts.models import Invitation, InvitationState
from apps.users.accounts.signups import discard_signup, unproved_signups
from apps.users.models import User, normalise_email
from apps.users.roles import PEOPLE, Role
from apps.users.services import MAX_EMAIL_LENGTH, create_user

GOOD_FOR = timedelta(days=7)

log = structlog.get_logger(__name__)


def invite(*, email: str, role: str, invited_by: User) -> tuple[Invitation, str]:
    """A new invitation with its token, which is kept nowhere. Raises InvalidInput naming `email` or `role`."""
    email = normalise_email(email)
    check_address(email)
    if role not in PEOPLE:
        raise InvalidInput({"role": f"must be one of {', '.join(sorted(PEOPLE))}"})
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    try:
        with transaction.atomic():
            Invitation.objects.filter(email=email, expires_at__lte=now).unsettled().update(withdrawn_at=now)
            invitation = Invitation.objects.create(
                email=email,
                role=Role(role).value,
                token_hash=hash_token(token),
                invited_by=invited_by,
                expires_at=now + GOOD_FOR,
            )
            announce("member")
    except IntegrityError as error:
        raise InvalidInput({"email": "is invited already: send that invitation again, or withdraw it"}) from error
    log.info("invited", invitation=invitation.pk, role=invitation.role, by=invited_by.pk)
    return invitation, token


def renew(*, invitation: Invitation) -> str:
    """A new token for the invitation, good for as long as a new one; the old one is dead. Raises Conflict."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        locked = lock_unsettled(invitation)
        locked.token_hash, locked.expires_at = hash_token(token), timezone.now() + GOOD_FOR
        locked.save(update_fields=["token_hash", "expires_at"])
    return token


def withdraw(*, invitation: Invitation) -> None:
    """Ends it. Raises Conflict where it has ended."""
    with transaction.atomic():
        locked = lock_unsettled(invitation)
        locked.withdrawn_at = timezone.now()
        locked.save(update_fields=["withdrawn_at"])
        announce("member")


def find_invitation(token: str) -> Invitation | None:
    """The invitation that may be accepted with this token."""
    return Invitation.objects.open(timezone.now()).filter(token_hash=hash_token(token)).first()


def accept(*, token: str, full_name: str, password: str) -> User:
    """The account that the invitation was for.

    Raises Conflict where the token is good no more, InvalidInput naming `full_name`, `password` or `email`.
    """
    with transaction.atomic():
        found = Invitation.objects.select_for_update().open(timezone.now()).filter(token_hash=hash_token(token)).first()
        if found is None:
            raise Conflict("This invitation is not good any more.", code="invitation_ended")
        discard_signup(found.email)
        user, _ = create_user(email=found.email, role=found.role, full_name=full_name, password=password)
        found.accepted_at = timezone.now()
        found.save(update_fields=["accepted_at"])
        announce("member")
    log.info("invitation_accepted", invitation=found.pk, user=user.pk)
    return user


def make_link(token: str) -> str:
    return on_site(reverse("users:invitation", args=[token]))


def send_invitation(*, invitation: Invitation, token: str) -> bool:
    """Whether the link was sent; where it was not, somebody has to hand it over."""
    return send_mail(
        "users/email/invitation",
        invitation.email,
        link=make_link(token),
        role=invitation.get_role_display().lower(),
        invited_by=invitation.invited_by,
        days=GOOD_FOR.days,
    )


def hash_token(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()


def lock_unsettled(invitation: Invitation) -> Invitation:
    locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if locked.state in (InvitationState.ACCEPTED, InvitationState.WITHDRAWN):
        raise Conflict(f"This invitation is {locked.state} already.", code=f"invitation_{locked.state}")
    return locked


def check_address(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput({"email": "must be an email address"}) from error
    if len(email) > MAX_EMAIL_LENGTH:
        raise InvalidInput({"email": f"must be at most {MAX_EMAIL_LENGTH} characters"})
    if User.objects.filter(email=email).exclude(pk__in=unproved_signups().values("pk")).exists():
        raise InvalidInput({"email": "has an account already"})
