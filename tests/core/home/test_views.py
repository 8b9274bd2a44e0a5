"""The first page: for each role what it may see, in tiles that stand by themselves."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.core.health import _checks, check_all
from apps.core.home import building
from apps.core.home.building import PARTS, show_health
from apps.core.home.models import Visit
from apps.core.models import Job, JobState
from apps.evaluations.models import CaseOrigin, CaseState, RunState, Verdict
from apps.functions.models import Origin
from apps.functions.services.catalogue import create_function
from apps.users.accounts.invitations import invite
from apps.users.models import User
from apps.users.roles import Role
from tests.evaluations.factories import CaseFactory, ReportFactory, RunFactory, SuiteFactory
from tests.users.factories import ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def people() -> dict[Role, User]:
    return {role: UserFactory.create(role=role) for role in (Role.VIEWER, Role.CURATOR, Role.ADMIN)}


def open_home(user: User) -> str:
    client = Client()
    client.force_login(user)
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def open_tile(user: User, name: str) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(f"/home/{name}/", headers={"HX-Request": "true"})
    assert response.status_code == 200
    return response.content.decode()


def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client) -> None:
    response = client.get("/")
    assert (response.status_code, response["Location"]) == (302, "/account/login/?next=/")


def test_the_search_box_comes_first(people: dict[Role, User]) -> None:
    page = open_home(people[Role.VIEWER])
    assert page.index('action="/functions/"') < page.index('class="home"')
    assert 'name="q"' in page


def test_the_tiles_of_each_role(people: dict[Role, User]) -> None:
    everybody = ["decisions", "health", "news", "start", "sweep"]
    for role, expected in (
        (Role.VIEWER, everybody),
        (Role.CURATOR, sorted([*everybody, "jobs"])),
        (Role.ADMIN, sorted([*everybody, "jobs"])),
    ):
        page = open_home(people[role])
        assert [name for name in sorted([*everybody, "jobs"]) if f'id="tile-{name}"' in page] == expected


@pytest.mark.parametrize("name", ["jobs", "nothing"])
def test_a_tile_that_is_not_for_somebody_is_not_there(people: dict[Role, User], name: str) -> None:
    client = Client()
    client.force_login(people[Role.VIEWER])
    assert client.get(f"/home/{name}/").status_code == 404


def test_a_tile_is_a_page_where_there_is_no_script(people: dict[Role, User]) -> None:
    client = Client()
    client.force_login(people[Role.VIEWER])
    page = client.get("/home/health/").content.decode()
    assert "<!doctype html>" in page
    assert "Database" in page


def test_every_part_that_is_checked_has_a_title(people: dict[Role, User]) -> None:
    assert set(_checks) == set(PARTS)
    titles = [part["title"] for part in show_health(people[Role.VIEWER])["parts"]]
    assert titles == list(PARTS.values())


@pytest.mark.critical
def test_a_tile_that_fails_says_so_and_the_rest_lives(
    people: dict[Role, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(user: User) -> dict:
        raise RuntimeError("out of order")

    monkeypatch.setattr("apps.core.home.building.show_decisions", fail)
    page = open_home(people[Role.ADMIN])
    assert page.count("This part could not be shown") == 1
    assert "out of order" not in page
    assert 'hx-get="/home/decisions/" hx-target="#tile-decisions"' in page
    assert "In the last week" in page
    monkeypatch.undo()
    assert "Nothing waits for you" in open_tile(people[Role.ADMIN], "decisions")


class TestFirstDay:
    def test_curators_are_told_what_to_do(self, people: dict[Role, User]) -> None:
        page = open_home(people[Role.CURATOR])
        assert 'href="/functions/import/">Import</a>' in page
        assert 'href="/suites/new/">Make a suite</a>' in page
        assert "A suite</a> holds questions" in page

    def test_viewers_are_told_who_does_it(self, people: dict[Role, User]) -> None:
        tile = open_tile(people[Role.VIEWER], "start")
        assert "Bring in your functions" in tile
        assert "Import</a>" not in tile
        assert "Invite" not in tile

    def test_admins_invite(self) -> None:
        tile = open_tile(UserFactory.create(role=Role.ADMIN), "start")
        assert 'href="/account/members/">Invite</a>' in tile

    def test_it_is_over_when_all_is_done(self, people: dict[Role, User]) -> None:
        ReportFactory.create()
        create_function(
            data={"name": "f", "language": "python", "description": "Adds."},
            library="tools",
            user_id=None,
            origin=Origin.API,
        )
        page = open_home(people[Role.ADMIN])
        assert "First steps" not in page
        assert 'id="tile-start"' in page


class TestDecisions:
    def test_reports_that_nobody_answered_for(self, people: dict[Role, User]) -> None:
        report = ReportFactory.create(verdict=Verdict.WORSE, data={"reasons": ["Accuracy fell by 4 points"]})
        ReportFactory.create(verdict=Verdict.BETTER)
        ReportFactory.create(verdict=Verdict.WORSE, acknowledged_at=timezone.now())
        tile = open_tile(people[Role.CURATOR], "decisions")
        assert tile.count("<li") == 1
        assert report.get_absolute_url() in tile
        assert "Accuracy fell by 4 points" in tile
        assert "Nothing waits for you" in open_tile(people[Role.VIEWER], "decisions")

    def test_drafts_of_feedback(self, people: dict[Role, User]) -> None:
        CaseFactory.create(state=CaseState.DRAFT, origin=CaseOrigin.FEEDBACK)
        tile = open_tile(people[Role.CURATOR], "decisions")
        assert "1 draft case waits" in tile
        assert "called wrong" in tile

    def test_jobs_that_failed(self, people: dict[Role, User]) -> None:
        now = timezone.now()
        failed = Job.objects.create(
            kind="functions.import", state=JobState.FAILED, finished_at=now, error="no <such> file"
        )
        Job.objects.create(kind="functions.import", state=JobState.FAILED, finished_at=now - timedelta(days=2))
        Job.objects.create(kind="evaluations.chunk", state=JobState.FAILED, finished_at=now, is_part=True)
        tile = open_tile(people[Role.CURATOR], "decisions")
        assert tile.count("<li") == 1
        assert f'href="/jobs/{failed.pk}/"' in tile
        assert "no &lt;such&gt; file" in tile

    def test_many_are_counted(self, people: dict[Role, User]) -> None:
        for _ in range(7):
            Job.objects.create(kind="functions.import", state=JobState.FAILED, finished_at=timezone.now())
            ReportFactory.create(verdict=Verdict.FAILED)
        tile = open_tile(people[Role.CURATOR], "decisions")
        assert "Many jobs failed since yesterday" in tile
        assert "More reports wait" in tile

    def test_ones_own_keys_that_expire(self, people: dict[Role, User]) -> None:
        soon, later = timezone.now() + timedelta(days=3), timezone.now() + timedelta(days=30)
        ApiKeyFactory.create(user=people[Role.VIEWER], name="deploy", expires_at=soon)
        ApiKeyFactory.create(user=people[Role.VIEWER], name="backup", expires_at=later)
        ApiKeyFactory.create(user=people[Role.VIEWER], name="gone", expires_at=soon, revoked_at=timezone.now())
        ApiKeyFactory.create(user=people[Role.ADMIN], name="others", expires_at=soon)
        tile = open_tile(people[Role.VIEWER], "decisions")
        assert tile.count("<li") == 1
        assert "deploy" in tile

    def test_invitations_that_wait(self, people: dict[Role, User]) -> None:
        invite(email="new@example.com", role=Role.VIEWER, invited_by=people[Role.ADMIN])
        assert "new@example.com" in open_tile(people[Role.ADMIN], "decisions")
        assert "new@example.com" not in open_tile(people[Role.CURATOR], "decisions")


class TestNews:
    def test_what_happened_since_the_visit_before(self, people: dict[Role, User]) -> None:
        user = people[Role.VIEWER]
        create_function(
            data={"name": "add_up", "language": "python", "description": "Adds."},
            library="tools",
            user_id=people[Role.CURATOR].pk,
            origin=Origin.PAGE,
        )
        report = ReportFactory.create(verdict=Verdict.BETTER)
        Job.objects.create(
            kind="functions.import",
            state=JobState.SUCCEEDED,
            params={"library": "numbers"},
            result={"created": 1200, "changed": 3},
            finished_at=timezone.now(),
        )
        tile = open_tile(user, "news")
        assert "New: add_up" in tile
        assert f"{report.run.suite}: better" in tile
        assert "Imported numbers" in tile
        assert "1,200 new, 3 changed" in tile
        Visit.objects.create(user=user, since=timezone.now(), seen_at=timezone.now())
        assert "Nothing has changed" in open_tile(user, "news")

    def test_who_joined_since_was_never_here(self, people: dict[Role, User]) -> None:
        user = people[Role.VIEWER]
        assert "In the last week" in open_tile(user, "news")
        Visit.objects.create(user=user, since=timezone.now(), seen_at=timezone.now())
        assert "Since you were here" in open_tile(user, "news")

    def test_people_are_news_to_admins(self, people: dict[Role, User]) -> None:
        UserFactory.create(full_name="Grace Hopper")
        assert "Grace Hopper joined" in open_tile(people[Role.ADMIN], "news")
        assert "Grace Hopper" not in open_tile(people[Role.CURATOR], "news")


class TestLastSweep:
    def test_its_verdict_leads_to_its_report(self, people: dict[Role, User]) -> None:
        ReportFactory.create(verdict=Verdict.BETTER)
        report = ReportFactory.create(verdict=Verdict.WORSE, data={"reasons": ["accuracy fell"]})
        tile = open_tile(people[Role.VIEWER], "sweep")
        assert f'class="home-verdict bad" href="{report.get_absolute_url()}"' in tile
        assert "Accuracy fell" in tile

    def test_what_is_at_work(self, people: dict[Role, User]) -> None:
        run = RunFactory.create(suite=SuiteFactory.create(name="nightly"), state=RunState.RUNNING, done=3, total=12)
        tile = open_tile(people[Role.VIEWER], "sweep")
        assert f'href="{run.get_absolute_url()}"' in tile
        assert "3 of 12" in tile


class TestVisits:
    def test_coming_back_after_a_while_begins_another(self, people: dict[Role, User]) -> None:
        user = people[Role.VIEWER]
        open_home(user)
        left = timezone.now() - timedelta(hours=5)
        Visit.objects.update(seen_at=left)
        open_home(user)
        assert Visit.objects.get(user=user).since == left

    def test_looking_again_does_not(self, people: dict[Role, User]) -> None:
        user = people[Role.VIEWER]
        open_home(user)
        since = Visit.objects.get(user=user).since
        Visit.objects.update(seen_at=timezone.now() - timedelta(minutes=10))
        open_home(user)
        open_tile(user, "news")
        visit = Visit.objects.get(user=user)
        assert visit.since == since
        assert timezone.now() - visit.seen_at < timedelta(minutes=1)


@pytest.mark.parametrize(("role", "queries"), [(Role.VIEWER, 13), (Role.CURATOR, 19), (Role.ADMIN, 22)])
def test_queries_do_not_grow(
    people: dict[Role, User],
    role: Role,
    queries: int,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = check_all()  # which is asked anew every few seconds
    monkeypatch.setattr(building, "check_all", lambda: known)
    client = Client()
    client.force_login(people[role])
    client.get("/")
    for _ in range(3):
        for number in range(4):
            report = ReportFactory.create(verdict=Verdict.WORSE)
            CaseFactory.create(suite=report.run.suite, state=CaseState.DRAFT, origin=CaseOrigin.FEEDBACK)
            RunFactory.create(suite=report.run.suite, state=RunState.RUNNING)
            Job.objects.create(kind="functions.import", state=JobState.FAILED, finished_at=timezone.now())
            Job.objects.create(kind="functions.import", state=JobState.RUNNING, created_by=people[role])
            invite(email=f"{Job.objects.count()}-{number}@example.com", role=Role.VIEWER, invited_by=people[Role.ADMIN])
        with django_assert_num_queries(queries):
            assert client.get("/").status_code == 200
