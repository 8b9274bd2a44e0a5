"""Pages: one's API keys."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.errors import InvalidInput
from apps.users.forms import KeyForm
from apps.users.models import ApiKey
from apps.users.permissions import get_user
from apps.users.services import create_key, revoke_key
from apps.users.tokens import KeyState

ENDED_SHOWN = 20


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_variables("token")
def keep_keys(request: HttpRequest) -> HttpResponse:
    user = get_user(request)
    if request.method == "GET":
        return render_keys(request, KeyForm(user=user))
    form = KeyForm(request.POST, user=user)
    if not form.is_valid():
        return render_keys(request, form, status=422)
    wanted = {"name": form.cleaned_data["name"], "scopes": form.cleaned_data["scopes"], "expires_at": form.expires_at}
    try:
        key, token = create_key(user=user, **wanted)
    except InvalidInput as error:
        form.add_input_errors(error)
        return render_keys(request, form, status=422)
    # Shown in this answer and not after a redirect, which would have to keep the token somewhere meanwhile.
    return render_keys(request, KeyForm(user=user), new_key=key, token=token)


@login_required
@require_POST
def end_key(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=pk, user=get_user(request))
    revoke_key(key=key)
    messages.success(request, f"The key “{key.name}” is revoked.")
    return redirect("users:keys")


def render_keys(request: HttpRequest, form: KeyForm, status: int = 200, **context: Any) -> HttpResponse:
    keys = ApiKey.objects.filter(user=get_user(request)).newest_first()
    live = list(keys.in_state(KeyState.ACTIVE, timezone.now()))
    ended = keys.exclude(pk__in=[key.pk for key in live])[:ENDED_SHOWN]
    return render(request, "users/keys.html", {"form": form, "live": live, "ended": ended, **context}, status=status)
