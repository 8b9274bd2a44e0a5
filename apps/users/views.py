"""Pages: one's API keys, and the tokens of one's programs."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.confirming import ask_to_confirm
from apps.core.errors import InvalidInput
from apps.core.refusals import say_refusal
from apps.users.forms import KeyForm, RotateForm
from apps.users.jwt.models import TokenFamily
from apps.users.jwt.services import revoke_families
from apps.users.keyring import read_keyring
from apps.users.models import ApiKey
from apps.users.permissions import get_user
from apps.users.services import create_key, revoke_key, rotate_key


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
    try:
        key, token = create_key(user=user, **form.options)
    except InvalidInput as error:
        form.add_input_errors(error)
        return render_keys(request, form, status=422)
    # Shown in this answer and not after a redirect, which would have to keep the token somewhere meanwhile.
    return render_keys(request, KeyForm(user=user), new_key=key, token=token)


@require_POST
@never_cache
@sensitive_variables("token")
def renew_key(request: HttpRequest, pk: int) -> HttpResponse:
    key = find_key(request, pk)
    form = RotateForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose how long the old secret stays good.")
        return redirect("users:keys")
    with say_refusal(request):
        token = rotate_key(key=key, overlap=form.duration)
        return render_keys(request, KeyForm(user=get_user(request)), new_key=key, token=token)
    return redirect("users:keys")


@require_POST
def end_key(request: HttpRequest, pk: int) -> HttpResponse:
    key = find_key(request, pk)
    asked = ask_to_confirm(
        request,
        phrase=key.name,
        title="Revoke a key",
        text=f"What uses “{key.name}” stops at once, and the key cannot be brought back.",
        button="Revoke for good",
        cancel=reverse("users:keys"),
    )
    if asked:
        return asked
    revoke_key(key=key)
    messages.success(request, f"The key “{key.name}” is revoked.")
    return redirect("users:keys")


@require_POST
def end_family(request: HttpRequest, pk: UUID) -> HttpResponse:
    revoke_families(families=[get_object_or_404(TokenFamily, pk=pk, user=get_user(request))])
    messages.success(request, "Its tokens are revoked. The program has to sign in again.")
    return redirect("users:keys")


def find_key(request: HttpRequest, pk: int) -> ApiKey:
    return get_object_or_404(ApiKey, pk=pk, user=get_user(request))


def render_keys(request: HttpRequest, form: KeyForm, status: int = 200, **context: Any) -> HttpResponse:
    shown = {"form": form, "rotate_form": RotateForm(), "keyring": read_keyring(get_user(request), timezone.now())}
    return render(request, "users/keys.html", {**shown, **context}, status=status)
