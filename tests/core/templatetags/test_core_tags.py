"""How pages write values for people."""

import pytest

from apps.core.templatetags.core_tags import duration

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.42, "0.4 s"),
        (12, "12 s"),
        (200, "3 min 20 s"),
        (1800, "30 min"),
        (3599.8, "1 h"),
        (7500, "2 h 5 min"),
        (86_400, "24 h"),
    ],
)
def test_spans_of_time(seconds: float, text: str) -> None:
    assert duration(seconds) == text
