"""Django's session engine over our table (SESSION_ENGINE).

A session is read from PostgreSQL with each request that asks for it, together with its user: there is no copy in a
cache that could outlive it. Reading it notes that it was used, at most once a minute.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.core.live import announce
from apps.users.sessions.lifetime import find_end, is_worth_noting, warn_seconds
from apps.users.sessions.models import Session, hash_key


@dataclass(frozen=True)
class Visitor:
    """Who holds the session's cookie. `is_busy` is false for requests that a page sends by itself."""

    address: str = ""
    user_agent: str = ""
    is_busy: bool = True


class SessionStore(SessionBase):
    """`visitor` is set by our middleware; without it, as in a job, reading a session does not prolong it."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.visitor: Visitor | None = None
        self.row: Session | None = None
        self.has_ended = False
        self._inherited: dict[str, Any] = {}

    @property
    def seconds_left(self) -> int:
        """Until it ends if nobody does anything; 0 for who is not signed in."""
        self._read()
        if self.row is None or self.row.user_id is None:
            return 0
        return max(0, int((self.row.latest_end - timezone.now()).total_seconds()))

    @property
    def warned_before(self) -> int:
        """Seconds before its end that a page warns."""
        return warn_seconds()

    @property
    def is_renewable(self) -> bool:
        """Whether a use now would put its end beyond the time of warning; not when its longest time is nearly over."""
        self._read()
        if self.row is None:
            return False
        now = timezone.now()
        return (find_end(since=self.row.since, seen_at=now) - now).total_seconds() > warn_seconds()

    def load(self) -> dict[str, Any]:
        now = timezone.now()
        row = Session.objects.of_key(self.session_key or "").live(now).select_related("user").first()
        if row is None or row.latest_end <= now:
            self._session_key = None
            self.has_ended = True
            return {}
        self.row = row
        if self.visitor and self.visitor.is_busy and is_worth_noting(seen_at=row.seen_at, now=now):
            self._note_use(row, now)
        data: dict[str, Any] = self.decode(row.data)
        return data

    def exists(self, session_key: str) -> bool:
        return Session.objects.of_key(session_key).exists()

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:  # somebody else got the same key meanwhile
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        data = self._read(no_load=must_create)
        if self.session_key is None:
            self.create()
        elif must_create:
            self._insert(data)
        else:
            self._update(data)

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            Session.objects.of_key(key).delete()
            announce("session")

    def cycle_key(self) -> None:
        """The same session under a new key, when a password changes: so it keeps its name and its age."""
        self._read()
        if self.row is not None and self.row.user_id is not None:
            self._inherited = {"since": self.row.since, "name": self.row.name}
        super().cycle_key()
        self._inherited = {}

    def renew(self) -> None:
        """Notes a use now, however short the last one is ago."""
        self._read()
        if self.row is not None:
            self._note_use(self.row, timezone.now())

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(ends_at__lte=timezone.now()).delete()

    def _read(self, *, no_load: bool = False) -> dict[str, Any]:
        """What is in it, read when it is looked at for the first time."""
        data: dict[str, Any] = self._get_session(no_load=no_load)  # type: ignore[attr-defined]
        return data

    def _insert(self, data: dict[str, Any]) -> None:
        now = timezone.now()
        since = self._inherited.get("since", now)
        row = Session(
            key_hash=hash_key(self.session_key or ""),
            user_id=read_user_id(data),
            data=self.encode(data),
            since=since,
            seen_at=now,
            ends_at=find_end(since=since, seen_at=now),
            name=self._inherited.get("name", ""),
            **self._describe_visitor(),
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise CreateError from error
        self.row = row

    def _update(self, data: dict[str, Any]) -> None:
        """Raises UpdateError when the session was ended meanwhile: it must not come back."""
        changes: dict[str, Any] = {"data": self.encode(data), "user_id": read_user_id(data)}
        if self.row is not None and self.row.user_id != changes["user_id"]:
            now = timezone.now()
            changes |= {"since": now, "seen_at": now, "ends_at": find_end(since=now, seen_at=now), "name": ""}
        if not Session.objects.of_key(self.session_key or "").update(**changes):
            raise UpdateError
        for name, value in changes.items():
            if self.row is not None:
                setattr(self.row, name, value)

    def _note_use(self, row: Session, now: datetime) -> None:
        changes = {"seen_at": now, "ends_at": find_end(since=row.since, seen_at=now), **self._describe_visitor()}
        Session.objects.filter(pk=row.pk).update(**changes)
        for name, value in changes.items():
            setattr(row, name, value)

    def _describe_visitor(self) -> dict[str, Any]:
        if self.visitor is None:
            return {}
        return {"address": self.visitor.address or None, "user_agent": self.visitor.user_agent}


def session_of(request: HttpRequest) -> SessionStore:
    """The request's session, typed: our middleware makes no other."""
    return cast(SessionStore, request.session)


def read_user_id(data: dict[str, Any]) -> int | None:
    user_id = data.get(SESSION_KEY)
    return int(user_id) if user_id is not None else None
