import pytest

from apps.core.audit import record
from apps.core.audit.presenting import list_changes


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("viewer", "admin", ["-viewer", "+admin"]),
        (None, "new", ["+new"]),
        ("old", None, ["-old"]),
        (1, 2, ["-1", "+2"]),
        ("a\nb\nc", "a\nB\nc", [" a", "-b", "+B", " c"]),
        (["x"], ["x", "y"], [" [", '-  "x"', '+  "x",', '+  "y"', " ]"]),
    ],
)
def test_a_change_reads_as_a_diff(before: object, after: object, lines: list[str]) -> None:
    entry = record("thing.changed", before={"full_name": before}, after={"full_name": after})
    (change,) = list_changes(entry)
    assert (change.field, change.lines) == ("full name", lines)
