"""Makes the pictures of the docs again: `make screenshots`, with `ARGS="--home DIR"` for a home that is kept.

Runs a Touchstone of its own with the demo, and waits until all of it can be found by meaning and was swept once, which
takes minutes.
"""

import argparse
import re
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[1]
IMAGES = REPOSITORY / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
# Letters without coloured edges make the file a good deal smaller.
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-lcd-text"]
READY = "Touchstone is ready"
EMBEDDED_WITHIN_MS = 30 * 60 * 1000
MOST_BYTES = 200_000
QUERY = "longest common prefix of paths"
SUITE = "Demo: generated questions"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="state folder; without it a temporary one, which is removed")
    options = parser.parse_args()
    with ExitStack() as stack:
        home = options.home or Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        address = stack.enter_context(run_touchstone(home))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = sign_in(browser, address, *make_account(home))
        wait_for_index(page)
        IMAGES.mkdir(exist_ok=True)
        pictures = [picture_run(page), picture_search(page), picture_home(page)]
    for picture in pictures:
        print(f"{picture.relative_to(REPOSITORY)}: {picture.stat().st_size / 1000:.0f} kB")
    return 0 if all(picture.stat().st_size <= MOST_BYTES for picture in pictures) else 1


@contextmanager
def run_touchstone(home: Path) -> Iterator[str]:
    """Yields the web address of a stack on `home`."""
    home.chmod(0o711)  # as root, the databases run under another account, which must get through
    port, gateway = free_port(), free_port()
    command = ["up", "--home", str(home), "--port", str(port), "--gateway-port", str(gateway)]
    process = manage(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout or ():
            print(line, end="")
            if READY in line:
                break
        else:
            raise SystemExit("Touchstone did not start.")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()


def make_account(home: Path) -> tuple[str, str]:
    email, password = f"{secrets.token_hex(4)}@example.com", secrets.token_urlsafe(16)
    created = manage("create_user", email, "--role", "curator", "--password", password, "--home", str(home))
    if created.wait():
        raise SystemExit("No account could be made.")
    return email, password


def sign_in(browser: Browser, address: str, email: str, password: str) -> Page:
    page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 800}, color_scheme="light")
    page.goto("/account/login/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{address}/")
    return page


def picture_search(page: Page) -> Path:
    page.goto("/functions/?q=the+first+query+loads+the+model")
    page.get_by_role("searchbox").fill(QUERY)
    expect(page).to_have_title(re.compile(QUERY))
    page.locator("[data-result]").first.click()
    expect(page.locator("#peek h2")).to_be_visible()
    return take(page, "search")


def picture_run(page: Page) -> Path:
    """The newest run of the demo's suite, which the first start sweeps once all is embedded; in the dark theme."""
    page.emulate_media(color_scheme="dark")
    page.goto("/suites/runs/?state=succeeded")
    row = page.locator("tbody tr", has_text=SUITE).first
    row.wait_for(timeout=EMBEDDED_WITHIN_MS)
    page.goto(str(row.locator("a[data-result]").get_attribute("data-result")))
    picture = take(page, "run")
    page.emulate_media(color_scheme="light")
    return picture


def picture_home(page: Page) -> Path:
    page.goto("/")
    return take(page, "home")


def take(page: Page, name: str) -> Path:
    page.mouse.move(0, 0)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")
    return IMAGES / f"{name}.png"


def wait_for_index(page: Page) -> None:
    """The line about the index goes away by itself when all is embedded."""
    page.goto("/functions/")
    expect(page.get_by_role("heading", name="functions to find by what they do")).to_be_visible()
    expect(page.locator("#index-state")).to_have_count(0, timeout=EMBEDDED_WITHIN_MS)


def manage(*arguments: str, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.Popen(command, cwd=REPOSITORY, **options)  # type: ignore[call-overload,no-any-return]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
