import pytest
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory

from apps.core.errors import Conflict, InvalidInput
from apps.core.refusals import say_refusal


@pytest.mark.parametrize(
    ("refusal", "level", "said"),
    [
        (InvalidInput({"state": "is none of draft, published"}), messages.ERROR, "state: is none of draft, published"),
        (Conflict("Job 3 is over already."), messages.WARNING, "Job 3 is over already."),
    ],
)
def test_what_a_service_refuses_is_said(rf: RequestFactory, refusal: Exception, level: int, said: str) -> None:
    request = rf.post("/")
    request._messages = CookieStorage(request)
    with say_refusal(request):
        raise refusal
    assert [(message.level, message.message) for message in request._messages] == [(level, said)]


def test_what_is_no_refusal_goes_on(rf: RequestFactory) -> None:
    with pytest.raises(ZeroDivisionError), say_refusal(rf.post("/")):
        raise ZeroDivisionError
