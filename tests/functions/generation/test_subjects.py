import pytest

from apps.functions.generation.subjects import Subject, is_looked_up

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "description", "path", "expected"),
    [
        ("parse_date", "", "dates.py", True),
        ("_parse_date", "", "dates.py", False),
        ("_parse_date", "Parse a date.", "dates.py", True),
        ("#secret", "", "a.js", False),
        ("__init__", "Make one.", "dates.py", False),
        ("f", "Square a number.", "a.py", False),
        ("x2", "Square a number.", "a.py", False),
        ("constructor", "Makes one.", "a.js", False),
        ("main", "Run it all.", "a.py", False),
        ("test_parse", "Check parsing.", "a.py", False),
        ("testParse", "Checks parsing.", "A.java", False),
        ("testify", "Bear witness.", "a.py", True),
        ("parse_date", "", "tests/dates.py", False),
        ("parse_date", "", "pkg/test_dates.py", False),
        ("parseDate", "", "date.spec.ts", False),
        ("parse_date", "", "contests/dates.py", True),
    ],
)
def test_what_people_look_for(name, description, path, expected):
    subject = Subject(key=f"lib/{path}::{name}", name=name, language="python", description=description)
    assert is_looked_up(subject) == expected


def test_the_library_is_read_off_the_key():
    assert Subject(key="lib/a/b.py::f", name="f", language="python").library == "lib"
