"""What changes people and keys."""

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core.audit import record
from apps.core.errors import Conflict, InvalidInput
from apps.users.limits.counting import tell_of_changes
from apps.users.models import ApiKey, User, normalise_email
from apps.users.networks import read_networks
from apps.users.passwords import generate_password
from apps.users.roles import HOLD_KEYS, Role, grants
from apps.users.scopes import SCOPES
from apps.users.tokens import KeyState, Token, hash_secret, new_token

FIRST_ADMIN_EMAIL = "admin@touchstone.local"
MAX_EMAIL_LENGTH = 254
MAX_NAME_LENGTH = 100
# More than anyone needs, and few enough that a page shows them all.
MAX_LIVE_KEYS = 100
MAX_PER_MINUTE = 1_000_000
MAX_PER_MONTH = 1_000_000_000_000
MAX_OVERLAP = timedelta(days=30)

log = structlog.get_logger(__name__)


def create_user(*, email: str, role: str, full_name: str = "", password: str | None = None) -> tuple[User, str]:
    """A new user with their password, which is made up when none is given.

    Raises InvalidInput naming `email`, `role`, `full_name` or `password`.
    """
    email = normalise_email(email)
    _check_email(email)
    if role not in list(Role):
        raise InvalidInput({"role": f"must be one of {', '.join(Role)}, not {role!r}"})
    full_name = check_name("full_name", full_name, required=False)
    user = User(email=email, role=Role(role).value, full_name=full_name)
    if password is None:
        password = generate_password()
    _check_password(password, user)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            user.vouch_for_email()
    except IntegrityError as error:
        raise InvalidInput({"email": f"{email} has an account already"}) from error
    log.info("user_created", user=user.pk, role=user.role)
    return user, password


def rename_user(*, user: User, full_name: str) -> None:
    """Raises InvalidInput naming `full_name`."""
    user.full_name = check_name("full_name", full_name, required=False)
    user.save(update_fields=["full_name"])


def ensure_first_admin() -> tuple[str, str] | None:
    """The email and password of a new admin where there is no user yet, else None.

    Processes that start together all try the same address, which only one of them can have.
    """
    if User.objects.exists():
        return None
    try:
        user, password = create_user(email=FIRST_ADMIN_EMAIL, role=Role.ADMIN, full_name="First admin")
    except InvalidInput:
        return None
    return user.email, password


def is_last_admin(user: User) -> bool:
    """Whether without this user nobody could look after the users any more."""
    admins = User.objects.filter(role=Role.ADMIN, is_active=True)
    return admins.filter(pk=user.pk).exists() and not admins.exclude(pk=user.pk).exists()


def create_key(
    *,
    user: User,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    networks: Iterable[str] = (),
    requests_per_minute: int | None = None,
    requests_per_month: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key with its token, which exists nowhere else from then on.

    Raises InvalidInput naming the parameter that is wrong.
    """
    name = check_name("name", name, required=True)
    _check_owner(user)
    key = ApiKey(
        user=user,
        name=name,
        scopes=_check_scopes(user, scopes),
        expires_at=expires_at,
        networks=_check_networks(networks),
        requests_per_minute=_check_limit("requests_per_minute", requests_per_minute, MAX_PER_MINUTE),
        requests_per_month=_check_limit("requests_per_month", requests_per_month, MAX_PER_MONTH),
    )
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput({"expires_at": "must be in the future"})
    token = _unused_token()
    key.prefix, key.secret_hash = token.prefix, hash_secret(token.secret)
    key.save(force_insert=True)
    log.info("key_created", user=user.pk, key=key.prefix, scopes=key.scopes)
    return key, str(token)


def rotate_key(*, key: ApiKey, overlap: timedelta = timedelta(0)) -> str:
    """A new secret for the key, as its token; the one so far stays good for `overlap`, and older ones for no longer.

    Raises InvalidInput naming `overlap`, Conflict for a key that has ended.
    """
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        raise InvalidInput({"overlap": f"must be from 0 to {MAX_OVERLAP.days} days"})
    with transaction.atomic():
        locked = ApiKey.objects.select_for_update().get(pk=key.pk)
        if locked.state != KeyState.ACTIVE:
            raise Conflict(f"The key is {locked.state}: make a new one.", code=f"key_{locked.state}")
        token = Token(locked.prefix, new_token().secret)
        locked.rotated_at = timezone.now()
        locked.former_hash, locked.former_until = locked.secret_hash, locked.rotated_at + overlap
        locked.secret_hash = hash_secret(token.secret)
        locked.save(update_fields=["secret_hash", "former_hash", "former_until", "rotated_at"])
        tell_of_changes([locked.pk])
        record("key.rotated", subject=locked, owner=key.user.email, good_for_seconds=int(overlap.total_seconds()))
    key.refresh_from_db()
    log.info("key_rotated", user=key.user_id, key=key.prefix, overlap=overlap.total_seconds())
    return str(token)


def revoke_key(*, key: ApiKey) -> ApiKey:
    """Ends the key at once and for good; one that was revoked before keeps its date."""
    revoke_keys(keys=[key])
    key.refresh_from_db(fields=["revoked_at"])
    return key


def revoke_keys(*, keys: Iterable[ApiKey]) -> int:
    """Revokes those that are not yet; how many that were."""
    with transaction.atomic():
        live = ApiKey.objects.filter(pk__in=[key.pk for key in keys], revoked_at__isnull=True)
        ended = list(live.select_for_update(of=("self",)).select_related("user").order_by("pk"))
        ApiKey.objects.filter(pk__in=[key.pk for key in ended]).update(revoked_at=timezone.now())
        for key in ended:
            record("key.revoked", subject=key, owner=key.user.email)
        tell_of_changes(key.pk for key in ended)
    log.info("keys_revoked", keys=[key.prefix for key in ended])
    return len(ended)


def _unused_token() -> Token:
    # 36 ** 8 prefixes: the second try is for the one in a few million, and the column is unique all the same.
    token = new_token()
    while ApiKey.objects.filter(prefix=token.prefix).exists():
        token = new_token()
    return token


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput({"email": "must be an email address"}) from error
    if len(email) > MAX_EMAIL_LENGTH:
        raise InvalidInput({"email": f"must be at most {MAX_EMAIL_LENGTH} characters"})


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput({"password": " ".join(error.messages)}) from error


def check_name(field: str, name: str, *, required: bool) -> str:
    name = name.strip()
    if required and not name:
        raise InvalidInput({field: "must not be empty"})
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidInput({field: f"must be at most {MAX_NAME_LENGTH} characters"})
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise InvalidInput({field: "must not hold control characters"})
    return name


def _check_owner(user: User) -> None:
    if not user.is_active:
        raise InvalidInput({"user": "is deactivated"})
    if not grants(user.role, HOLD_KEYS):
        raise InvalidInput({"user": f"with the role {user.role} may hold no API keys"})
    live = ApiKey.objects.filter(user=user, revoked_at__isnull=True).exclude(expires_at__lte=timezone.now())
    if live.count() >= MAX_LIVE_KEYS:
        raise InvalidInput({"user": f"has {MAX_LIVE_KEYS} live keys, the most allowed: revoke one first"})


def _check_networks(networks: Iterable[str]) -> list[str]:
    try:
        return read_networks(networks)
    except ValueError as error:
        raise InvalidInput({"networks": str(error)}) from error


def _check_limit(field: str, value: int | None, most: int) -> int | None:
    if value is not None and not 1 <= value <= most:
        raise InvalidInput({field: f"must be from 1 to {most:,}, or left out"})
    return value


def _check_scopes(user: User, scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    if not wanted:
        raise InvalidInput({"scopes": "must name at least one"})
    if unknown := sorted(wanted - set(SCOPES)):
        raise InvalidInput({"scopes": f"has no {unknown[0]!r}; known are {', '.join(SCOPES)}"})
    if beyond := sorted(wanted - set(user.key_scopes)):
        raise InvalidInput({"scopes": f"{beyond[0]} is beyond the role {user.role}"})
    return [scope for scope in SCOPES if scope in wanted]


def tell_of_rights(user: User) -> None:
    """That somebody's role, or whether they are active, is another than before counts for their programs at once."""
    keys = ApiKey.objects.filter(user=user, revoked_at=None).values_list("pk", flat=True)
    tell_of_changes(keys, users=[user.pk])
