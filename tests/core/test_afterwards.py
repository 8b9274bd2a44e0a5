"""Work after an answer."""

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from apps.core.afterwards import do_afterwards

# An answer that is closed has Django look after its connections.
pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.mark.parametrize("response", [HttpResponse(b"a"), StreamingHttpResponse(iter([b"a"]))])
def test_it_is_done_once_the_answer_is_there(response: HttpResponse) -> None:
    done: list[str] = []
    do_afterwards(response, lambda: done.append("first"))
    do_afterwards(response, lambda: done.append("second"))
    assert (b"".join(response), done) == (b"a", [])
    response.close()
    assert done == ["first", "second"]


def test_what_fails_is_logged_and_keeps_nothing_else_from_being_done(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    response = HttpResponse()

    def fail() -> None:
        raise RuntimeError("broken")

    do_afterwards(response, fail)
    do_afterwards(response, lambda: done.append("second"))
    response.close()
    assert done == ["second"]
    assert "afterwards_failed" in caplog.text
