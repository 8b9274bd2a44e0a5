"""What a service refuses, on pages that go on to another one."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest

from apps.core.errors import Conflict, InvalidInput


@contextmanager
def say_refusal(request: HttpRequest) -> Iterator[None]:
    """Runs what is within; when a service refuses it, the next page says why."""
    try:
        yield
    except InvalidInput as error:
        messages.error(request, str(error))
    except Conflict as error:
        messages.warning(request, str(error))
