"""Pages: one's password, one's account and API keys."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import PasswordChangeView as BasePasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import InvalidInput
from apps.users.forms import KeyForm
from apps.users.models import ApiKey
from apps.users.permissions import get_user
from apps.users.services import create_key, revoke_key
from apps.users.tokens import KeyState

ENDED_SHOWN = 20


class PasswordChangeView(BasePasswordChangeView):
    template_name = "users/password_change.html"
    success_url = reverse_lazy("users:password_change_done")


@login_required
@require_GET
def show_account(request: HttpRequest) -> HttpResponse:
    return render_account(request, KeyForm(user=get_user(request)))


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_variables("token")
def add_key(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("users:account")
    form = KeyForm(request.POST, user=get_user(request))
    if not form.is_valid():
        return render_account(request, form, status=422)
    wanted = {"name": form.cleaned_data["name"], "scopes": form.cleaned_data["scopes"], "expires_at": form.expires_at}
    try:
        key, token = create_key(user=get_user(request), **wanted)
    except InvalidInput as error:
        form.add_input_errors(error)
        return render_account(request, form, status=422)
    # Shown in this answer and not after a redirect, which would have to keep the token somewhere meanwhile.
    return render_account(request, KeyForm(user=get_user(request)), new_key=key, token=token)


@login_required
@require_POST
def end_key(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=pk, user=get_user(request))
    revoke_key(key=key)
    messages.success(request, f"The key “{key.name}” is revoked.")
    return redirect("users:account")


def render_account(request: HttpRequest, form: KeyForm, status: int = 200, **context: Any) -> HttpResponse:
    keys = ApiKey.objects.filter(user=get_user(request)).newest_first()
    live = list(keys.in_state(KeyState.ACTIVE, timezone.now()))
    ended = keys.exclude(pk__in=[key.pk for key in live])[:ENDED_SHOWN]
    return render(request, "users/account.html", {"form": form, "live": live, "ended": ended, **context}, status=status)
