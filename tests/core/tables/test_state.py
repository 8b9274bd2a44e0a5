from urllib.parse import parse_qsl, urlencode

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from apps.core.tables.state import State, read_state
from tests.core.tables.sample import SampleTable

TABLE = SampleTable()
NAMES = ("q", "sort", "columns", "page", "peek", "state", "failed", "kind", "when_from", "when_to", "export", "other")
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["-job", "job", "kind", "by,total", "yes", "no", "running", "2026-11-21", "9999-12-31", "7", "٣"]),
)


def read(text: str) -> State:
    return read_state(TABLE, QueryDict(text))


def address(state: State) -> str:
    return state.address(TABLE.default_sort)


def test_an_address_without_anything():
    state = read("")
    assert (state.sort, state.columns, state.page, state.peek, state.problems) == ("-job", None, 1, None, ())
    assert address(state) == ""


def test_all_of_it():
    query = "q=lib&state=failed&kind=x&when_from=2026-11-01&sort=kind&columns=job,by&page=3&peek=7"
    state = read(query)
    assert state.problems == ()
    assert state.chosen == {"state": "failed", "kind": "x", "when_from": "2026-11-01"}
    assert state.columns == ("job", "by")
    assert (state.page, state.peek) == (3, 7)
    assert address(state) == f"?{query}"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state=on+fire", "State: “on fire” is none of those"),
        ("failed=perhaps", "neither yes nor no"),
        ("when_from=yesterday", "no day such as"),
        ("when_to=0001-01-01", "no day of these times"),
        ("sort=by", "“by” is nothing to sort by"),
        ("sort=--job", "nothing to sort by"),
        ("columns=nothing", "no column “nothing”"),
        (f"state={'x' * 500}", "x…”"),
    ],
)
def test_what_makes_no_sense_is_named_and_left_out(query, said):
    state = read(query)
    assert said in " ".join(state.problems)
    assert address(state) == ""


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e9", "٣", "9" * 40, ""])
def test_a_page_that_is_none(page):
    assert read(urlencode({"page": page})).page == 1


@pytest.mark.parametrize(
    "query", ["columns=job&columns=by&columns=total", "columns=total,by", "columns=by,total,job,job"]
)
def test_columns_in_the_order_of_the_table_with_the_first_always(query):
    assert read(query).columns == ("job", "by", "total")


def test_the_columns_that_are_shown_anyway_go_without_saying():
    assert read("columns=job,kind,finished").columns is None
    assert read("columns=job").columns == ("job",)


def test_text_that_the_database_cannot_be_asked_about():
    assert read("q=%00a").query == "\ufffda"
    assert len(read(f"q={'a' * 1000}").query) == 300


@given(st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=12))
def test_any_address_can_be_read_and_its_shortest_form_means_the_same(pairs):
    data = QueryDict(mutable=True)
    for name, value in pairs:
        data.appendlist(name, value)
    state = read_state(TABLE, data)
    short = address(state)
    again = read(short.removeprefix("?"))
    assert again == state.change(problems=())
    assert address(again) == short


@given(st.text(max_size=200))
def test_any_query_string_at_all(text):
    state = read_state(TABLE, QueryDict(text.encode("utf-8", "replace").decode("latin-1")))
    assert dict(parse_qsl(address(state).removeprefix("?"))).keys() <= set(NAMES)
