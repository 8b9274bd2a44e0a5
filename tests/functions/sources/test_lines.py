import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.sources import lines

pytestmark = pytest.mark.unit


def test_lines_are_numbered_and_keep_their_ends():
    found = list(lines.read_lines(io.BytesIO(b"a\n\r\nlast"), 100))
    assert [(line.number, line.content) for line in found] == [(1, b"a\n"), (2, b"\r\n"), (3, b"last")]


def test_a_line_over_the_limit_is_counted_and_not_kept(monkeypatch):
    monkeypatch.setattr(lines, "STEP", 3)
    found = list(lines.read_lines(io.BytesIO(b"short\n" + b"x" * 20 + b"\nnext"), 5))
    assert [(line.number, line.content, line.size) for line in found] == [
        (1, b"short\n", 6),
        (2, None, 21),
        (3, b"next", 4),
    ]


@given(st.binary(max_size=60).map(lambda data: data.replace(b"\r", b"\n")), st.integers(1, 10), st.integers(1, 4))
def test_nothing_is_lost(data, limit, step):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "STEP", step)
        found = list(lines.read_lines(io.BytesIO(data), limit))
    assert sum(line.size for line in found) == len(data)
    assert [line.number for line in found] == list(range(1, len(found) + 1))
    whole = data.split(b"\n")
    assert all(line.content.rstrip(b"\n") == whole[line.number - 1] for line in found if line.content is not None)
    assert all(len(whole[line.number - 1]) > limit for line in found if line.content is None)


def test_a_length_is_shown_in_megabytes():
    assert lines.explain_length(52_400_000, 10_000_000) == "has 52.4 MB; the limit is 10 MB"
