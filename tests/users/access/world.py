"""Something of everything, so that each address leads somewhere, and requests that leave no trace of themselves."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import ClockedSchedule, IntervalSchedule, SolarSchedule

from apps.core.audit import record
from apps.core.models import Job, SavedView
from apps.evaluations.models import CaseState, Channel, Delivery, RunState, Verdict
from apps.functions.models import Function, SynonymGroup
from apps.inference.models import Budget, CacheSetting, Call
from apps.users.access.routes import Route
from apps.users.access.rules import Surface
from apps.users.access.table import ROUTES
from apps.users.accounts.models import Invitation
from apps.users.jwt.services import start_family
from apps.users.models import User
from apps.users.sessions.models import Session
from tests.evaluations.factories import (
    CaseFactory,
    CaseOutcomeFactory,
    PeriodicTaskFactory,
    ReportFactory,
    RunFactory,
    ScheduleFactory,
    SuiteFactory,
)
from tests.functions.factories import FunctionFactory, LibraryFactory
from tests.inference.factories import AliasFactory, ModelFactory
from tests.users.access.askers import Asker, Askers, make_askers
from tests.users.access.passkeys import make_passkey
from tests.users.factories import ApiKeyFactory, UserFactory

PLACE = re.compile(r"<(?:\w+:)?\w+>")
QUERIES = {"admin:autocomplete": "?app_label=evaluations&model_name=run&field_name=suite&term=a"}


@dataclass
class World:
    """`things` has what to write into an address behind its last word; what is somebody's own is in `own`, by maker.

    `exact` are whole addresses, by route.
    """

    askers: Askers
    exact: dict[str, str]
    things: dict[str, Any]
    own: dict[str, Callable[[User], Any]]
    client: Client

    def ask(self, method: str, route: Route, asker: Asker, *, owner: User) -> tuple[str, HttpResponse]:
        """The address, and what the asker is answered there. All that it made is undone, the owner's things too.

        To look at what is there makes nothing, and is spared that.
        """
        with nullcontext() if method == "GET" and not self.is_about_own(route) else undone():
            address = self.find_address(route, owner)
            response = self.send(method, address, asker, as_json=ROUTES[route.name].surface is Surface.API)
        return address, response

    def find_address(self, route: Route, owner: User) -> str:
        """An address of the route; where it names what people have of their own, then the owner's."""
        if route.name in self.exact:
            return self.exact[route.name]
        segments, word = [], ""
        for segment in route.pattern.split("/"):
            word = segment.partition("<")[0] or word
            segments.append(PLACE.sub(str(self.find_thing(word, owner)), segment) if "<" in segment else segment)
        return f"/{'/'.join(segments)}{QUERIES.get(route.name, '')}"

    def is_about_own(self, route: Route) -> bool:
        """Whether its address names what people have of their own."""
        return any(f"{word}/<" in route.pattern for word in self.own)

    def find_thing(self, word: str, owner: User) -> Any:
        return self.own[word](owner) if word in self.own else self.things[word]

    def send(self, method: str, address: str, asker: Asker, *, as_json: bool) -> HttpResponse:
        self.client.cookies.clear()
        if asker.cookie:
            self.client.cookies[settings.SESSION_COOKIE_NAME] = asker.cookie
        headers = {"Authorization": f"Bearer {asker.bearer}"} if asker.bearer else {}
        if method == "GET":
            return self.client.get(address, headers=headers)
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        return self.client.generic(method, address, "{}" if as_json else "", kind, headers=headers)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written during the block is not."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_world() -> World:
    function = FunctionFactory()
    exact = {
        "admin:app_list": "/admin/functions/",
        "admin:django.contrib.admin.sites.catch_all_view": "/admin/nothing/at/all/",
        "account_reset_password_from_key": "/account/password/reset/1-unknown/",
        "admin:view_on_site": f"/admin/r/{ContentType.objects.get_for_model(Function).pk}/{function.pk}/",
    }
    things = make_functions(function) | make_evaluations() | make_inference() | make_clockwork() | make_people()
    return World(make_askers(), exact, things, OWN, Client(raise_request_exception=False))


def make_functions(function: Function) -> dict[str, Any]:
    return {
        "home": "health",
        "functions": function.pk,
        "function": function.pk,
        "revisions": 1,
        "library": LibraryFactory().pk,
        "synonymgroup": SynonymGroup.objects.create(words=["cut", "split"]).pk,
        "traces": "unknown",
    }


def make_evaluations() -> dict[str, Any]:
    suite = SuiteFactory()
    case = CaseFactory(suite=suite)
    run = ReportFactory(run__suite=suite, verdict=Verdict.WORSE).run
    schedule = ScheduleFactory(suite=suite)
    return {
        "suites": suite.pk,
        "suite": SuiteFactory().pk,
        "cases": case.pk,
        "case": case.pk,
        "drafts": CaseFactory(suite=suite, state=CaseState.DRAFT).pk,
        "runs": run.pk,
        "run": RunFactory(suite=suite, state=RunState.RUNNING).pk,
        "report.": "md",
        "report": run.report.pk,
        "caseoutcome": CaseOutcomeFactory(run=run, case=case).pk,
        "delivery": Delivery.objects.create(report=run.report, channel=Channel.EMAIL, address="a@example.com").pk,
        "schedules": schedule.pk,
        "schedule": schedule.pk,
    }


def make_inference() -> dict[str, Any]:
    model = ModelFactory()
    alias = AliasFactory(models=[model])
    call = Call.objects.create(at=timezone.now(), operation="chat", target=alias.name, outcome="ok", ms=1)
    return {
        "provider": model.provider_id,
        "providers": model.provider_id,
        "servedmodel": model.pk,
        "models": ModelFactory().pk,
        "alias": alias.pk,
        "aliases": alias.pk,
        "budget": Budget.objects.create(alias=alias, tokens=1).pk,
        # Its pages have addresses of aliases too.
        "cachesetting": CacheSetting.objects.create(pk=alias.pk, kind="chat", seconds=1, size=1).pk,
        "call": call.pk,
    }


def make_clockwork() -> dict[str, Any]:
    job = Job.objects.create(kind="functions.import").pk
    solar = SolarSchedule.objects.create(event="sunset", latitude=0, longitude=0)
    return {
        "home": "start",
        "jobs": job,
        "job": job,
        "periodictask": PeriodicTaskFactory().pk,
        "crontabschedule": PeriodicTaskFactory().crontab_id,
        "intervalschedule": IntervalSchedule.objects.create(every=1, period="hours").pk,
        "clockedschedule": ClockedSchedule.objects.create(clocked_time=timezone.now()).pk,
        "solarschedule": solar.pk,
    }


def make_people() -> dict[str, Any]:
    user = UserFactory()
    return {
        "user": user.pk,
        "apikey": ApiKeyFactory(user=user).pk,
        "emailaddress": EmailAddress.objects.get(user=user).pk,
        "authenticator": Authenticator.objects.create(user=user, type="totp", data={}).pk,
        "auditentry": record("access.tested", actor=user).pk,
        "tokenfamily": start_family(user=user).family.pk,
        "members": user.pk,
        "invitations": make_invitation().pk,
        "invitation": "unknown",
        "confirm": "unknown",
    }


def make_invitation() -> Invitation:
    ends = timezone.now() + timedelta(days=1)
    return Invitation.objects.create(
        email="new@example.com", role="viewer", token_hash=uuid.uuid4().hex, expires_at=ends
    )


def make_other_session(owner: User) -> Session:
    now = timezone.now()
    return Session.objects.create(user=owner, key_hash=uuid.uuid4().hex, ends_at=now + timedelta(hours=1))


OWN: dict[str, Callable[[User], Any]] = {
    "keys": lambda owner: ApiKeyFactory(user=owner).pk,
    "tokens": lambda owner: start_family(user=owner).family.pk,
    "families": lambda owner: start_family(user=owner).family.pk,
    "passkeys": lambda owner: make_passkey(owner).pk,
    "views": lambda owner: SavedView.objects.create(owner=owner, page="core:jobs", name=uuid.uuid4().hex).pk,
    "sessions": lambda owner: make_other_session(owner).pk,
}
"""Each is made for its owner when an address asks for it; the request is undone, and it with that."""
