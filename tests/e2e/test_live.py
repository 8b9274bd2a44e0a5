"""A page that lives: told by the gateway, asking by itself while that is away, and told again when it is back."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.db import connection
from playwright.sync_api import Page, Route, WebSocket, expect
from pytest_django import Settings

from apps.core.embedded.home import REPOSITORY
from apps.core.jobs.context import JobContext
from apps.core.live import announce
from apps.core.models import Job, JobState
from apps.users.models import User
from apps.users.sessions.services import end_sessions
from tests.core.embedded.processes import free_ports, wait_until
from tests.e2e.conftest import TIMEOUT_MS, Console, stop_clock

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.slow]

LONGEST_PAUSE_MS = 40_000
"""Between two tries of a page to reach the gateway."""


def database_url() -> str:
    """Of the tests' own database."""
    kept = connection.settings_dict
    password = f":{quote(kept['PASSWORD'])}" if kept["PASSWORD"] else ""
    return f"postgresql://{kept['USER']}{password}@{quote(kept['HOST'], safe='')}:{kept['PORT']}/{kept['NAME']}"


@contextmanager
def run_gateway(port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "granian", "--interface", "asginl", "--port", str(port), "config.asgi:application"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": database_url()}
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, start_new_session=True)
    try:
        wait_until(lambda: process.poll() is not None or answers(port), seconds=120)
        assert process.poll() is None
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/health/live", timeout=10) as response:
            return bool(response.status == 200)
    except OSError:
        return False


@pytest.fixture
def port(settings: Settings) -> int:
    (free,) = free_ports(1)
    settings.GATEWAY_URL = f":{free}"
    return free


@pytest.fixture
def job(transactional_db: None) -> Job:
    return Job.objects.create(kind="functions.import", state=JobState.RUNNING, runner="here", total=100)


def report(job: Job, done: int) -> None:
    """As its handler would."""
    context = JobContext(job)
    context.report(done, 100, f"{done} functions read")


class Heard:
    """What the page's sockets were told."""

    def __init__(self, page: Page) -> None:
        self.frames: list[str] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.frames.append(str(frame)))

    def count(self, text: str) -> int:
        return sum(text in frame for frame in self.frames)


def test_a_page_lives_while_its_socket_is_cut(page: Page, console: Console, job: Job, port: int) -> None:
    heard = Heard(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.resource_type == "xhr" else None)
    state, line = page.locator("#live-state"), page.locator(".job-line")
    page.clock.install()
    with run_gateway(port) as gateway:
        page.goto(f"/jobs/{job.pk}/")
        expect(page.locator("#job")).to_have_attribute("data-live", f"job:{job.pk}")
        wait_until_followed(page)
        early = len(asked)  # while its socket was on the way
        page.clock.run_for(15_000)
        report(job, 10)
        expect(line).to_contain_text("10 functions read")
        wait_for(page, lambda: len(asked) > early)
        # It asked since it was told, and not as every few seconds without a socket.
        assert len(asked) - early <= heard.count("changed")
        expect(state).to_be_hidden()
        kill(gateway)
        expect(state).to_contain_text("Live updates are cut off")
        told = heard.count("changed")
        report(job, 40)
        expect(line).to_contain_text("40 functions read")
        assert heard.count("changed") == told
    with run_gateway(port):
        expect(state).to_be_hidden(timeout=LONGEST_PAUSE_MS + TIMEOUT_MS)
        report(job, 70)
        expect(line).to_contain_text("70 functions read")
        wait_for(page, lambda: heard.count("changed") > told)
        Job.objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED)
        announce("job", job.pk)
        expect(page.locator("#job .badge")).to_have_text("Succeeded")
        expect(page.locator("#job")).not_to_have_attribute("data-live", f"job:{job.pk}")
    console.expect("WebSocket connection")


def test_a_page_whose_session_was_ended_says_so_at_once(
    page: Page, console: Console, curator: User, job: Job, port: int
) -> None:
    with run_gateway(port):
        page.goto(f"/jobs/{job.pk}/")
        wait_until_followed(page)
        end_sessions(user=curator)
        expect(page.get_by_role("alertdialog", name="Your session has ended")).to_be_visible()
        page.close()  # or it complains on
    console.expect("401")


def test_a_part_that_fails_says_so_and_the_rest_lives(page: Page, console: Console, settings: Settings) -> None:
    settings.GATEWAY_URL = ""
    page.clock.install()
    page.goto("/")
    news = page.locator("#tile-news")
    page.route("**/home/news/", lambda route: route.fulfill(status=500, body="no"))
    expect(news.get_by_text("This part could not be brought up to date.")).to_be_visible()
    expect(page.locator(".toast")).to_have_count(0)
    expect(page.locator("#tile-decisions .live-failure")).to_have_count(0)
    stop_clock(page)  # nothing asks by itself any more before the button is pressed
    expect(news).not_to_have_class(re.compile("htmx-request"))
    page.unroute("**/home/news/")
    news.get_by_role("button", name="Try again").click()
    expect(news.locator(".live-failure")).to_have_count(0)
    console.expect("500")


def wait_for(page: Page, condition: Callable[[], bool]) -> None:
    """Playwright hears what its browser tells while it waits for something."""

    def holds() -> bool:
        page.wait_for_timeout(50)
        return condition()

    wait_until(holds)


def wait_until_followed(page: Page) -> None:
    """The gateway has answered that it tells the page, and the page has taken note: it asks no more by itself."""
    expect(page.locator("#live-state")).to_have_attribute("data-state", "")


def test_a_list_stays_narrowed_when_it_changes(page: Page, settings: Settings) -> None:
    settings.GATEWAY_URL = ""
    failed, _ = (Job.objects.create(kind="functions.import", state=state) for state in (JobState.FAILED, "running"))
    page.goto("/jobs/")
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(2)
    page.get_by_label("State").first.select_option("failed")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("state=failed"))
    other = Job.objects.create(kind="functions.embed", state=JobState.FAILED)
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(f"#{other.pk}")
    expect(rows.last).to_contain_text(f"#{failed.pk}")


def test_an_answer_that_was_on_its_way_closes_no_menu(page: Page, settings: Settings) -> None:
    settings.GATEWAY_URL = ""
    Job.objects.create(kind="functions.import", state=JobState.RUNNING)
    page.goto("/jobs/")
    page.evaluate("document.addEventListener('htmx:afterRequest', () => document.body.dataset.answered = 'yes')")
    held: list[Route] = []
    page.route("**/jobs/", lambda route: held.append(route))
    wait_for(page, lambda: bool(held))
    page.get_by_text("Views", exact=True).click()
    menu = page.get_by_role("button", name="Save this view")
    expect(menu).to_be_visible()
    held[0].continue_()
    expect(page.locator("body")).to_have_attribute("data-answered", "yes")
    expect(menu).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
