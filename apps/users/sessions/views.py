"""Pages and small answers about one's own sessions."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache

from apps.core.errors import InvalidInput
from apps.core.views import csrf_failure as core_csrf_failure
from apps.users.permissions import get_user
from apps.users.sessions.devices import describe_device
from apps.users.sessions.keeping import is_from_our_pages, render_kept
from apps.users.sessions.models import Session
from apps.users.sessions.services import end_session, end_sessions, list_sessions, name_session
from apps.users.sessions.store import session_of


@never_cache
def show_sessions(request: HttpRequest) -> HttpResponse:
    return render_sessions(request)


def rename_session(request: HttpRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(Session, pk=pk, user=get_user(request))
    try:
        name_session(session=session, name=request.POST.get("name", ""))
    except InvalidInput as error:
        refused = {"pk": pk, "name": request.POST.get("name", ""), "reason": error.errors["name"]}
        return render_sessions(request, status=422, refused=refused)
    messages.success(request, f"It is called “{session.name}” now." if session.name else "It has no name any more.")
    return redirect("users:sessions")


def revoke_session(request: HttpRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(Session, pk=pk, user=get_user(request))
    is_this = session == session_of(request).row
    end_session(session=session)
    if is_this:
        session_of(request).flush()
        return redirect("account_login")
    messages.success(request, f"The session on {describe_device(session.user_agent)} has ended.")
    return redirect("users:sessions")


def revoke_others(request: HttpRequest) -> HttpResponse:
    ended = end_sessions(user=get_user(request), but=session_of(request).row)
    said = {0: "There was no other session.", 1: "The other session has ended."}
    messages.success(request, said.get(ended, f"{ended} other sessions have ended."))
    return redirect("users:sessions")


def show_state(request: HttpRequest) -> JsonResponse:
    """How long the session goes on, for the page's script, which asks in the background so as not to prolong it."""
    return tell_state(request)


def renew_session(request: HttpRequest) -> JsonResponse:
    if request.user.is_authenticated:
        session_of(request).renew()
    return tell_state(request)


def show_signed_in_again(request: HttpRequest) -> HttpResponse:
    """Where signing in leads that was begun from a page whose session had ended; that page goes on by itself."""
    return render(request, "users/signed_in_again.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before a sign-in in another tab is shown to be sent again; whatever else is refused."""
    if not (request.user.is_authenticated and is_from_our_pages(request)):
        return core_csrf_failure(request, reason)
    return render_kept(request, "users/form_too_old.html", status=403)


def tell_state(request: HttpRequest) -> JsonResponse:
    known = request.user.is_authenticated
    body = {
        "left": session_of(request).seconds_left if known else 0,
        "user": str(request.user.pk) if known else "",
        "renewable": known and session_of(request).is_renewable,
        "token": get_token(request),
    }
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


def render_sessions(request: HttpRequest, status: int = 200, **context: Any) -> HttpResponse:
    mine = list_sessions(user=get_user(request))
    rows = [
        {"session": row, "device": describe_device(row.user_agent), "is_this": row == session_of(request).row}
        for row in mine
    ]
    rows.sort(key=lambda row: not row["is_this"])
    return render(request, "users/sessions.html", {"rows": rows, **context}, status=status)
