import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.live.topics import may_follow, register_topic
from apps.users.models import User
from apps.users.roles import Role

pytestmark = pytest.mark.unit

VIEWER, CURATOR, ADMIN = (User(role=role, is_active=True) for role in (Role.VIEWER, Role.CURATOR, Role.ADMIN))


@pytest.mark.parametrize(
    ("user", "name", "may"),
    [
        (VIEWER, "run:7", True),
        (VIEWER, "report", True),
        (VIEWER, "job:7", False),
        (CURATOR, "job:7", True),
        (CURATOR, "member", False),
        (ADMIN, "member", True),
        (ADMIN, "session", False),
        (ADMIN, "session:7", False),
        (ADMIN, "nothing", False),
        (ADMIN, "job:", False),
        (ADMIN, "job:7:8", False),
        (ADMIN, "job:-1", False),
        (ADMIN, 7, False),
    ],
)
def test_who_may_follow_what(user: User, name: object, may: bool) -> None:
    assert may_follow(user, name) is may


@given(st.text() | st.none() | st.lists(st.text()))
def test_whatever_else_is_sent_is_followed_by_nobody(name: object) -> None:
    assert not may_follow(ADMIN, name)


@pytest.mark.parametrize("name", ["job:7", "", "Job", "a" * 21])
def test_topics_are_words(name: str) -> None:
    with pytest.raises(ValueError, match="a topic is"):
        register_topic(name)
