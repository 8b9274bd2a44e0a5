"""A real browser before the real pages. Every test also proves that its pages leave the console clean."""

import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect, sync_playwright

from apps.core.cache.registry import get_cache
from apps.core.jobs.services import run_inline
from apps.functions.models import Function, Origin
from apps.functions.overview import CACHES
from apps.functions.services import catalogue, indexing, live
from apps.functions.services.warming import warm_arithmetic
from apps.users.models import User
from apps.users.roles import Role
from apps.users.sessions.store import SessionStore
from tests.core.embedded.processes import wait_until
from tests.users.factories import UserFactory

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
TIMEOUT_MS = 30_000
"""How long a test waits for what must come: longer than a machine takes that has much else to do."""
TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
"""
CATALOGUE = [
    ("read_csv", "Read a table of comma separated values from a file.", "python"),
    ("write_csv", "Write rows to a file as comma separated values.", "python"),
    ("parse_date", "Turn text such as 2024-05-01 into a date.", "python"),
    ("SendMail", "Send an e-mail message over SMTP.", "csharp"),
    ("sortSlice", "Sort a slice of numbers in ascending order.", "go"),
    ("sort_list", "Sort a list of numbers in ascending order.", "python"),
]


@pytest.fixture(scope="session", autouse=True)
def ready() -> None:
    """As a web process is: nothing is compiled while a browser waits."""
    warm_arithmetic()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"There is no browser at {CHROMIUM}: install Debian's chromium, or name another in CHROMIUM.")
    # Playwright's loop runs in this thread, where Django would refuse to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Console:
    """What pages complained about. A test that provokes complaints takes them out with `expect`."""

    complaints: list[str] = field(default_factory=list)
    context: BrowserContext | None = field(default=None, repr=False)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def fail(self, error: Error) -> None:
        self.complaints.append(str(error))

    def expect(self, text: str) -> None:
        """It may be heard a moment after what it came of was seen."""
        if self.context and not any(text in complaint for complaint in self.complaints):
            self.context.wait_for_event("console", lambda message: text in message.text)
        assert any(text in complaint for complaint in self.complaints), self.complaints
        self.complaints = [complaint for complaint in self.complaints if text not in complaint]


@pytest.fixture
def console() -> Console:
    return Console()


class UnderWay:
    """How many requests the live server has begun and not ended."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def begin(self, **_: object) -> None:
        with self._lock:
            self.count += 1

    def end(self, **_: object) -> None:
        with self._lock:
            self.count -= 1


@pytest.fixture
def under_way() -> Iterator[UnderWay]:
    """None outlives its test: it would write what nobody deletes, or lock what is deleted."""
    requests = UnderWay()
    request_started.connect(requests.begin)
    request_finished.connect(requests.end)
    yield requests
    wait_until(lambda: requests.count <= 0)
    request_started.disconnect(requests.begin)
    request_finished.disconnect(requests.end)


@pytest.fixture
def context(browser: Browser, live_server, console: Console, under_way: UnderWay) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 1280, "height": 800},
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
    )
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(TELL_VIOLATIONS)
    console.context = context
    context.on("console", console.hear)
    context.on("weberror", lambda error: console.fail(error.error))
    yield context
    context.close()
    assert not console.complaints


@pytest.fixture
def curator(transactional_db) -> User:
    return UserFactory(role=Role.CURATOR, full_name="Cora Curator")


@pytest.fixture
def page(context: BrowserContext, curator: User, live_server) -> Page:
    """A page of somebody who is signed in."""
    client = Client()
    client.force_login(curator)
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
    assert SessionStore().exists(cookie.value)
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    return context.new_page()


@pytest.fixture(autouse=True)
def _no_gateway(settings) -> None:
    """Pages ask by themselves, and no socket of theirs leads nowhere. Tests of the gateway name their own."""
    settings.GATEWAY_URL = ""


@pytest.fixture(autouse=True)
def _own_index(settings, tmp_path) -> Iterator[None]:
    settings.INDEX_DIR = tmp_path / "index"
    settings.UPLOADS_DIR = tmp_path / "uploads"
    settings.INDEX_REFRESH_SECONDS = 0.0
    for name in (*CACHES, "functions.answers"):
        get_cache(name).local.clear()
    live.live_index.cache_clear()
    yield
    live.live_index.cache_clear()


@pytest.fixture
def functions(transactional_db, _own_index) -> dict[str, Function]:
    """A small catalogue that can be searched."""
    made = {}
    for name, description, language in CATALOGUE:
        code = f"def {name}(argument):\n    # {description}\n    return argument"
        data = {
            "name": name,
            "language": language,
            "description": description,
            "code": code,
            "path": "lib.py",
            "line": 7,
        }
        made[name] = catalogue.create_function(data=data, library="tools", user_id=None, origin=Origin.API)
    build_index()
    return made


def build_index() -> None:
    assert run_inline(kind=indexing.KIND, params={}).state == "succeeded"


def arrive(page: Page, address: str | re.Pattern[str]) -> None:
    """Waits for the page that something leads to, until its scripts are alive: what is typed before is lost to them.

    The address alone is there before they are.
    """
    page.wait_for_url(address)


def stop_clock(page: Page) -> None:
    """What the page puts off it does no more, so that what shows for a moment stays; `page.clock` lets it go on."""
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)


def expect_copied(page: Page, text: str) -> None:
    page.wait_for_function("async (text) => (await navigator.clipboard.readText()) === text", arg=text)
