"""What people and admins do with sessions."""

from django.contrib.auth import HASH_SESSION_KEY
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from apps.core.audit import record
from apps.core.errors import InvalidInput
from apps.core.live import announce
from apps.users.models import User
from apps.users.sessions.devices import describe_device
from apps.users.sessions.models import MAX_NAME, Session
from apps.users.sessions.store import SessionStore


def list_sessions(*, user: User) -> list[Session]:
    """Those that may still be used, last seen first. What a change of the password ended is cleared away."""
    now = timezone.now()
    rows = [row for row in Session.objects.filter(user=user).live(now) if row.latest_end > now]
    ended = [row.pk for row in rows if not knows_password(row, user)]
    if ended:
        Session.objects.filter(pk__in=ended).delete()
    return [row for row in rows if row.pk not in ended]


def knows_password(session: Session, user: User) -> bool:
    """Whether the session began, or went on, with the password that the user has now."""
    known = SessionStore().decode(session.data).get(HASH_SESSION_KEY, "")
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(known, each) for each in hashes)


def name_session(*, session: Session, name: str) -> Session:
    """Raises InvalidInput naming `name`. An empty one takes the name away."""
    name = " ".join(name.split())
    if len(name) > MAX_NAME:
        raise InvalidInput({"name": f"must be at most {MAX_NAME} characters"})
    if not name.isprintable():
        raise InvalidInput({"name": "must not hold control characters"})
    session.name = name
    session.save(update_fields=["name"])
    return session


def end_session(*, session: Session) -> None:
    """From its next request on, in every process, nobody is signed in with it. Its sockets close."""
    session.delete()
    announce("session")
    record("session.revoked", subject=session.user, device=describe_device(session.user_agent), name=session.name)


def end_sessions(*, user: User, but: Session | None = None) -> int:
    """Ends all of the user's sessions, but one when given; how many that were."""
    others = Session.objects.filter(user=user).live(timezone.now())
    if but is not None:
        others = others.exclude(pk=but.pk)
    ended, _ = others.delete()
    if ended:
        announce("session")
        record("sessions.revoked", subject=user, sessions=ended)
    return ended
