"""Accessibility of a page as axe-core sees it, by the rules of WCAG 2.2 AA."""

import os
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""All that another theme can change."""
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
PICTURES = os.environ.get("PICTURES", "")
"""A folder, into which `make pictures` has a picture made of each page that is walked."""
STANDS_STILL = """() => document.getAnimations().every(({ playState, effect }) =>
    playState !== "running" || effect.getComputedTiming().endTime === Infinity)"""
THEMES = ("light", "dark")
WIDTHS = (1440, 360)


def find_violations(page: Page, rules: dict[str, Any] = RULES, *, within: str | None = None) -> list[str]:
    """One line for each element at fault of the page as it stands: the rule, the element, and what to do.

    `within` is a selector of the parts that are looked at, where that is not all.
    """
    page.wait_for_function(STANDS_STILL)
    found = Axe().run(page, context=within, options=rules).response["violations"]
    return [f"{rule['id']}: {node['html']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def walk_violations(page: Page, address: str, widths: tuple[int, ...] = WIDTHS) -> Iterator[str]:
    """What would shut somebody out of the page of the address, in both themes, on a desk and on a phone."""
    for theme, width in product(THEMES, widths):
        if width == widths[0]:  # The back office takes the theme in which it is opened.
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.goto(address)
            page.wait_for_load_state("networkidle")
        page.set_viewport_size({"width": width, "height": 800})
        where = f"{address}, {theme}, {width} px: "
        if PICTURES:
            take_picture(page, address, f"{theme}-{width}")
        yield from (where + violation for violation in find_violations(page, RULES if theme == "light" else CONTRAST))
        if (needed := page.evaluate("document.documentElement.scrollWidth")) > width:
            yield f"{where}it is {needed} px wide"


def take_picture(page: Page, address: str, variant: str) -> None:
    name = re.sub(r"\W+", "-", re.sub(r"\d+", "one", address)).strip("-") or "home"
    page.screenshot(path=Path(PICTURES) / f"{name}-{variant}.png", full_page=True)


def assert_accessible(page: Page, *addresses: str) -> None:
    """Opens each address; without one the page is taken as it stands, once."""
    if not addresses:
        assert find_violations(page) == []
    for address in addresses:
        assert list(walk_violations(page, address)) == []
