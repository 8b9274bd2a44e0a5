import pytest

from apps.core.jobs.services import run_inline
from apps.functions.models import Function, Origin
from apps.functions.services import catalogue, indexing, live, searching
from apps.functions.services.postgres import building

TEXTS = {
    "read_csv": "Read a table of comma separated values from a file.",
    "parse_date": "Turn text such as 2024-05-01 into a date.",
    "send_mail": "Send an e-mail message over SMTP.",
    "sort_list": "Sort a list of numbers in ascending order.",
    "dates.parse_time": "Turn text such as 12:30 into a time of day.",
    "HTTPServer": "Answer requests over HTTP until it is stopped.",
}


@pytest.fixture
def own_index(settings, tmp_path):
    settings.INDEX_DIR = tmp_path / "index"
    settings.INDEX_REFRESH_SECONDS = 0.0
    settings.SEARCH_BACKEND = "postgres"
    searching.get_cache("functions.answers").local.clear()
    live.live_index.cache_clear()
    yield
    live.live_index.cache_clear()
    building.disable_triggers()


@pytest.fixture
def functions() -> dict[str, Function]:
    return {name: make(name, text) for name, text in TEXTS.items()}


def make(name: str, description: str, library: str = "lib", **data) -> Function:
    record = {"name": name, "language": "python", "description": description, **data}
    return catalogue.create_function(data=record, library=library, user_id=None, origin=Origin.API)


def build() -> dict[str, object]:
    return run_inline(kind=indexing.KIND, params={}).result


def names(answer: searching.SearchAnswer) -> list[str]:
    return [str(result.function) for result in answer.results]


def search(query: str, **filters) -> searching.SearchAnswer:
    return searching.search_functions(query=query, **filters)
