"""The order of the tests, and how often garbage is looked for."""

import gc

import pytest

# The tests make many objects that live long: looking for cycles among them as often as by default costs a tenth.
gc.set_threshold(50_000, 20, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
