"""What is asked for in other places than the table of addresses is named in the table of rights as well."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.home.tiles import _tiles
from apps.core.live.topics import _permissions
from apps.core.navigation import GROUPS
from apps.users.roles import RIGHTS

pytestmark = [pytest.mark.unit, pytest.mark.critical]

ROOT = Path(__file__).resolve().parents[3]
PERMISSIONS = {permission for right in RIGHTS for permission in right.permissions}
IN_CODE = re.compile(r"""has_perm\(["']([\w.]+)["']|\bpermission=["']([\w.]+)["']""")
IN_TEMPLATES = re.compile(r"\bperms\.(\w+\.\w+)")


def find_asked() -> Iterator[tuple[str, str]]:
    for pattern, files in (
        (IN_CODE, ROOT.glob("apps/**/*.py")),
        (IN_TEMPLATES, ROOT.glob("templates/**/*.html")),
    ):
        for file in files:
            for found in pattern.finditer(file.read_text()):
                yield str(file.relative_to(ROOT)), next(filter(None, found.groups()))


def test_code_and_templates() -> None:
    asked = set(find_asked())
    assert len(asked) > 20
    assert {(file, permission) for file, permission in asked if permission not in PERMISSIONS} == set()


def test_tiles_topics_and_the_side_bar() -> None:
    tiles = {tile.permission for tile in _tiles.values()}
    items = {item.permission for _, group in GROUPS for item in group}
    assert (tiles | items | set(_permissions.values())) - {""} <= PERMISSIONS
