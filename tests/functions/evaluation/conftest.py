"""A small catalogue, in a real index: as edits beside the files, until a test builds them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.functions.models import Function, SynonymGroup
from apps.functions.services import live
from tests.functions.evaluation.support import make


@pytest.fixture
def index(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.INDEX_DIR = tmp_path / "index"
    settings.INDEX_REFRESH_SECONDS = 0
    live.live_index.cache_clear()
    SynonymGroup.objects.all()._raw_delete("default")
    yield
    live.live_index.cache_clear()


@pytest.fixture
def catalogue(index: None) -> dict[str, Function]:
    functions = [
        make("sort_list", "Sort a list of numbers in ascending sequence."),
        make("parse_calendar", "Read dates out of a calendar file."),
        make("remove_row", "Remove a row from the table."),
        make("send_mail", "Send an e-mail message over SMTP."),
        make("water_plants", "Give the flowers some water."),
        make("sortSlice", "Sort a slice of numbers.", language="go"),
        make("old_sort", "Sort slowly.", state="retired"),
        make("new_sort", "Sort quickly.", state="draft"),
    ]
    return {function.name: function for function in functions}
