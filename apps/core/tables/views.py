"""Saving views of lists, and what is done with one's own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.core.errors import InvalidInput
from apps.core.refusals import say_refusal
from apps.core.tables import services
from apps.core.tables.listing import SHARE_VIEWS
from apps.core.tables.models import SavedView


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keeps the query of the list that the form stood on, by a name."""
    path, query = read_list(request), request.POST.get("query", "")
    with say_refusal(request):
        if not path:
            raise InvalidInput({"path": "is no list of ours"})
        view = services.save_view(
            owner_id=int(request.user.pk or 0),
            page=resolve(path).view_name,
            name=request.POST.get("name", ""),
            query=query.replace("\0", ""),
            shared=request.POST.get("shared") == "yes" and request.user.has_perm(SHARE_VIEWS),
            is_default=request.POST.get("is_default") == "yes",
        )
        messages.success(request, f"“{view}” is kept. It is under Views.")
    return redirect(f"{path}?{query}" if path and query else path or "/")


@require_POST
def rename_view(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_own(request, pk)
    with say_refusal(request):
        services.rename_view(view=view, name=request.POST.get("name", ""))
        messages.success(request, f"The view is called “{view}” now.")
    return go_back(request)


@require_POST
def set_default(request: HttpRequest, pk: int) -> HttpResponse:
    view, is_default = get_own(request, pk), request.POST.get("is_default") == "yes"
    services.set_default(view=view, is_default=is_default)
    said = f"The list opens with “{view}”." if is_default else "The list opens with everything again."
    messages.success(request, said)
    return go_back(request)


@require_POST
def share_view(request: HttpRequest, pk: int) -> HttpResponse:
    view, shared = get_own(request, pk), request.POST.get("shared") == "yes"
    services.set_shared(view=view, shared=shared)
    messages.success(request, f"“{view}” is there for {'everybody' if shared else 'you alone'} now.")
    return go_back(request)


@require_POST
def delete_view(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_own(request, pk)
    view.delete()
    messages.success(request, f"The view “{view}” is deleted.")
    return go_back(request)


def get_own(request: HttpRequest, pk: int) -> SavedView:
    """Others' views are not there, whoever asks."""
    return get_object_or_404(SavedView, pk=pk, owner=request.user.pk)


def go_back(request: HttpRequest) -> HttpResponse:
    path, query = read_list(request), request.POST.get("query", "")
    return redirect(f"{path}?{query}" if path and query else path or "/")


def read_list(request: HttpRequest) -> str:
    """The path of the page that the form stood on; "" for what is no page of ours."""
    path = request.POST.get("path", "")
    if not path.startswith("/") or "?" in path or not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return ""
    try:
        resolve(path)
    except Resolver404:
        return ""
    return path
