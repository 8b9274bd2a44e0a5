"""The order of the tests, and what is not worth counting lines in."""

import gc

import pytest

# The tests make many objects that live long; looking for cycles among them as often as by default is a tenth of the time.
gc.set_threshold(50_000, 20, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first, so that no worker is left alone with one at the end; lines are not counted in examples.

    Counting doubles the time of the hundreds of examples that a property is tried with, and finds no line that
    the plain tests beside them miss.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        is_property = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if is_property or item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.no_cover)
