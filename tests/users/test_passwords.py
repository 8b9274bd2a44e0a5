import re

import pytest

from apps.users.passwords import generate_password

pytestmark = pytest.mark.unit


def test_it_is_four_groups_that_nobody_misreads() -> None:
    for _ in range(100):
        assert re.fullmatch(r"[a-hj-km-np-tw-z2-9]{4}(-[a-hj-km-np-tw-z2-9]{4}){3}", generate_password())


def test_no_two_are_alike() -> None:
    assert len({generate_password() for _ in range(1000)}) == 1000
