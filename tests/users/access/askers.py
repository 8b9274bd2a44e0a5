"""Everybody who may ask: strangers, people, programs, and those who may no longer."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.users.jwt.services import start_family
from apps.users.models import User
from apps.users.roles import Role
from apps.users.scopes import SCOPES
from apps.users.tokens import new_token
from tests.users.factories import ApiKeyFactory, UserFactory


class Kind(Enum):
    NOBODY = "nobody"
    SESSION = "session"
    KEY = "key"
    TOKEN = "token"
    DEAD = "dead"


@dataclass(frozen=True)
class Asker:
    """What a request is sent as: `cookie` is of a session, `bearer` a key or an access token."""

    name: str
    kind: Kind
    user: User | None = None
    scopes: frozenset[str] = frozenset()
    cookie: str = ""
    bearer: str = ""

    @property
    def role(self) -> str:
        return self.user.role if self.user else ""


@dataclass(frozen=True)
class Askers:
    """`by_scope` has, for each scope, a key of an admin with all but it, and one with nothing else."""

    nobody: Asker
    sessions: list[Asker]
    programs: list[Asker]
    dead: list[Asker]
    by_scope: dict[str, list[Asker]] = field(default_factory=dict)

    @property
    def people(self) -> list[Asker]:
        """Who is signed in, and may be."""
        return [asker for asker in self.sessions if asker.role != Role.SERVICE]

    def find(self, role: Role) -> Asker:
        return next(asker for asker in self.sessions if asker.role == role)

    def on_pages(self) -> list[Asker]:
        """Of programs only an admin's key: what no page lets in for an admin, it lets in for nobody."""
        key = next(one for one in self.programs if one.role == Role.ADMIN)
        return [self.nobody, *self.sessions, self.dead[0], key]

    def on_api(self, need: str) -> list[Asker]:
        return [self.nobody, *self.sessions, *self.dead, *self.programs, *self.by_scope.get(need, [])]


def make_askers() -> Askers:
    users = {role: UserFactory(role=role) for role in Role}
    admin = users[Role.ADMIN]
    return Askers(
        nobody=Asker("a stranger", Kind.NOBODY),
        sessions=[make_session(user) for user in users.values()],
        programs=[*(make_key(user) for user in users.values()), *(make_token(user) for user in users.values())],
        dead=make_dead(admin),
        by_scope={scope: [make_key(admin, *(set(SCOPES) - {scope})), make_key(admin, scope)] for scope in SCOPES},
    )


def make_session(user: User, name: str = "") -> Asker:
    """Signed in just now, so that what asks for the password again does not."""
    client = Client()
    client.force_login(user)
    request = RequestFactory().get("/")
    request.session = client.session
    record_authentication(request, user, "password", reauthenticated=True)
    request.session.save()
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return Asker(name or f"a {user.role}", Kind.SESSION, user, cookie=cookie)


def make_key(user: User, *scopes: str) -> Asker:
    token, carried = new_token(), scopes or tuple(SCOPES)
    ApiKeyFactory(token=token, user=user, scopes=list(carried))
    name = f"a {user.role}'s key" + (f" with {', '.join(sorted(scopes))}" if scopes else "")
    return Asker(name, Kind.KEY, user, frozenset(carried), bearer=str(token))


def make_token(user: User) -> Asker:
    return Asker(f"a {user.role}'s token", Kind.TOKEN, user, bearer=start_family(user=user).access)


def make_dead(admin: User) -> list[Asker]:
    """Who was let in once: a session, a key and a token of somebody deactivated, and keys that have ended."""
    gone = UserFactory(role=Role.ADMIN)
    left = [make_session(gone, "a session"), make_key(gone), make_token(gone)]
    User.objects.filter(pk=gone.pk).update(is_active=False)
    dead = [
        Asker(f"{one.name} of somebody deactivated", Kind.DEAD, cookie=one.cookie, bearer=one.bearer) for one in left
    ]
    now = timezone.now()
    for name, ending in (("revoked", {"revoked_at": now}), ("expired", {"expires_at": now - timedelta(days=1)})):
        token = new_token()
        ApiKeyFactory(token=token, user=admin, scopes=list(SCOPES), **ending)
        dead.append(Asker(f"a key that is {name}", Kind.DEAD, bearer=str(token)))
    return dead
