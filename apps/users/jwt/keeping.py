"""Families that a process keeps for a moment, for what programs ask often."""

import time
from dataclasses import dataclass
from hashlib import sha256

from apps.core.cache.local import Entry, LocalTier
from apps.users.authentication import KEPT_SECONDS, find_seen_version
from apps.users.jwt.models import TokenFamily, name_version
from apps.users.jwt.services import fetch_family
from apps.users.jwt.tokens import AccessToken, read_token

kept_families = LocalTier(size=1000, ttl=KEPT_SECONDS)
"""Families by the digest of an access token that was found to be good, with when it ends."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`until` is when the token expires, in seconds since the epoch."""

    family: TokenFamily
    until: float


def find_kept_family(*, access: str) -> TokenFamily:
    """As `find_family`, or the same family again for KEPT_SECONDS. Raises TokenRefused.

    For who only looks at it, and then asks `is_as_kept`.
    """
    name = sha256(access.encode()).hexdigest()
    known = kept_families.get(name)
    if known is None or known.value.until <= time.time():
        known = Entry(_read(access), time.time())
        kept_families.set(name, known)
    family: TokenFamily = known.value.family
    return family


def _read(access: str) -> Kept:
    token = read_token(AccessToken, access)
    # Before the row: what is seen later may be of a change that the row does not have.
    version = find_seen_version(name_version(token["sub"]))
    family = fetch_family(token)
    family.kept_version = version
    return Kept(family, float(token["exp"]))
