"""Families of tokens: begun by signing in, carried on by refreshing, ended by hand or by a token that is used twice.

There is no grace: of two requests with one refresh token the first gets the new pair and the other ends the family,
however close they are. Whoever of the two is the thief, neither keeps anything. A program refreshes in one place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings

from apps.core.audit import record
from apps.users.jwt.models import Ending, TokenFamily, password_marks
from apps.users.jwt.tokens import AccessToken, RefreshToken, TokenRefused, new_refresh_token, read_token
from apps.users.limits.counting import tell_of_changes
from apps.users.models import User
from apps.users.tokens import KeyState

KEPT_FOR = timedelta(days=90)
"""How long one that ended can be looked up."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class TokenPair:
    """Both tokens as they are sent, and the family they are of."""

    access: str
    refresh: str
    family: TokenFamily

    @property
    def seconds(self) -> tuple[int, int]:
        """How long each is good for: the access token, the refresh token."""
        access, refresh = api_settings.ACCESS_TOKEN_LIFETIME, api_settings.REFRESH_TOKEN_LIFETIME
        return int(access.total_seconds()), int(refresh.total_seconds())


def start_family(*, user: User, name: str = "", address: str = "") -> TokenPair:
    """The first pair of a new family, for who has just proved to be `user`."""
    family = TokenFamily(user=user, name=name, created_from=address or None, password_mark=password_marks(user)[0])
    pair = _issue(family)
    with transaction.atomic():
        family.save(force_insert=True)
        record("jwt.begun", actor=user, subject=family)
    log.info("token_family_started", user=user.pk, family=str(family.pk))
    return pair


def refresh_family(*, refresh: str) -> TokenPair:
    """A new pair for a refresh token, which is spent by it. Raises TokenRefused; one that was spent ends the family.

    A person who must have a second factor by now, and has none, is refused as on signing in. The token is not spent.
    """
    token = read_token(RefreshToken, refresh)
    with transaction.atomic():
        family = _lock_family(token)
        if family.jti == token["jti"]:
            _check_second_factor(family.user)
            pair = _issue(family)
            family.refreshed_at = timezone.now()
            family.save(update_fields=["jti", "expires_at", "refreshed_at"])
            return pair
        _end(family, Ending.REUSED)
        record("jwt.reused", subject=family, owner=family.user.email)
    log.warning("refresh_token_reused", user=family.user_id, family=str(family.pk))
    raise TokenRefused("token_reused")


def find_family(*, access: str) -> TokenFamily:
    """The family, with its owner, of an access token that may be used. Raises TokenRefused."""
    return fetch_family(read_token(AccessToken, access))


def fetch_family(token: AccessToken) -> TokenFamily:
    """As `find_family`, of a token that was read already."""
    family = TokenFamily.objects.select_related("user").filter(pk=token.family_id).first()
    return _check_family(family, token)


def revoke_token(*, token: str) -> None:
    """Ends the family of a refresh or access token, also of one that is spent. Raises TokenRefused."""
    try:
        known: AccessToken | RefreshToken = read_token(RefreshToken, token)
    except TokenRefused as error:
        if error.get_codes() != "token_wrong_type":
            raise
        known = read_token(AccessToken, token)
    revoke_families(families=TokenFamily.objects.filter(pk=known.family_id, user_id=known["sub"]))


def revoke_families(*, families: Iterable[TokenFamily]) -> int:
    """Ends those that have not ended; how many that were. Their tokens are refused from the next request on."""
    with transaction.atomic():
        live = TokenFamily.objects.filter(pk__in=[family.pk for family in families], revoked_at__isnull=True)
        ended = list(live.select_for_update(of=("self",)).select_related("user").order_by("pk"))
        for family in ended:
            _end(family, Ending.REVOKED)
            record("jwt.revoked", subject=family, owner=family.user.email)
    log.info("token_families_revoked", families=[str(family.pk) for family in ended])
    return len(ended)


def prune_families(*, now: datetime) -> int:
    """Deletes those that are over since KEPT_FOR; how many."""
    return TokenFamily.objects.filter(expires_at__lte=now - KEPT_FOR).delete()[0]


def _issue(family: TokenFamily) -> TokenPair:
    """A pair, whose refresh token the family now takes for the newest. Nothing is saved."""
    token = new_refresh_token(family)
    family.jti = token["jti"]
    family.expires_at = datetime.fromtimestamp(token["exp"], UTC)
    return TokenPair(str(token.access_token), str(token), family)


def _lock_family(token: RefreshToken) -> TokenFamily:
    families = TokenFamily.objects.select_for_update(of=("self",)).select_related("user")
    return _check_family(families.filter(pk=token.family_id).first(), token)


def _check_family(family: TokenFamily | None, token: AccessToken | RefreshToken) -> TokenFamily:
    if family is None or str(family.user_id) != token["sub"]:
        raise TokenRefused("token_unknown")
    if family.state == KeyState.REVOKED or family.has_old_password:
        raise TokenRefused("token_revoked")
    if not family.user.is_active:
        raise TokenRefused("token_owner_inactive")
    return family


def _check_second_factor(user: User) -> None:
    # Imported here: every API view imports this module, and those import allauth, which imports the API's errors.
    from apps.users.accounts.second_factor import has_second_factor
    from apps.users.jwt.signing_in import check_without_second_factor

    if not has_second_factor(user):
        check_without_second_factor(user)


def _end(family: TokenFamily, ending: Ending) -> None:
    family.revoked_at, family.ending = timezone.now(), ending
    family.save(update_fields=["revoked_at", "ending"])
    tell_of_changes(users=[family.user_id])
