"""What somebody sent after their session had ended is not lost: the answer holds it, to be sent again."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.core.audit.masking import is_secret
from apps.users.sessions.store import session_of

MOST_FIELDS = 500
ENDED = "X-Session-Ended"
"""The header that tells our script that a request of htmx was refused because nobody is signed in."""


@dataclass(frozen=True)
class Kept:
    name: str
    value: str


def answer_ended(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Instead of the way to the sign-in page: what was typed, or for htmx just the news. Else `response`."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=401, headers={ENDED: "1"})
    if request.method != "POST" or not session_of(request).has_ended:
        return response
    return render_kept(request, "users/session_ended.html", status=401)


def render_kept(request: HttpRequest, template: str, *, status: int) -> HttpResponse:
    context = {"kept": keep_fields(request), "has_files": bool(request.FILES), "address": request.get_full_path()}
    context["sign_in"] = f"{reverse('account_login')}?next={reverse('users:signed_in_again')}"
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def is_from_our_pages(request: HttpRequest) -> bool:
    """Whether the browser says that one of our pages sent it. A form of another site is never shown to be sent."""
    return request.headers.get("Origin", "") == f"{request.scheme}://{request.get_host()}"


def keep_fields(request: HttpRequest) -> list[Kept]:
    """The form's fields as they were sent, less passwords and the like, which are not to stand in a page."""
    fields = [Kept(name, value) for name, values in request.POST.lists() for value in values]
    return [
        field for field in fields[:MOST_FIELDS] if field.name != "csrfmiddlewaretoken" and not is_secret(field.name)
    ]
