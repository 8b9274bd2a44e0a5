import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.etags import make_etag, matches_etag

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "header",
    ['"7-3"', ' "7-3" ', '"7-2", "7-3"', '"7-3","x"', "*", " * ", 'W/"7-3", "7-3"'],
)
def test_lets_the_right_revision_through(header: str) -> None:
    assert matches_etag(header, make_etag(7, 3))


@pytest.mark.parametrize(
    "header",
    ['"7-2"', 'W/"7-3"', "7-3", "", '"7-3', '"7-3" "7-3"', '"8-3"', '"7-2", oops, "7-3"', '"7-3" x', ",", '"7-33"'],
)
def test_refuses_every_other(header: str) -> None:
    assert not matches_etag(header, make_etag(7, 3))


@given(st.text(), st.integers(1), st.integers(1))
def test_any_header_is_answered(header: str, key: int, revision: int) -> None:
    assert matches_etag(header, make_etag(key, revision)) in (True, False)


@given(st.integers(1), st.integers(1), st.integers(1), st.integers(1))
def test_tags_of_different_revisions_differ(key: int, revision: int, other_key: int, other_revision: int) -> None:
    same = (key, revision) == (other_key, other_revision)
    assert matches_etag(make_etag(key, revision), make_etag(other_key, other_revision)) is same
