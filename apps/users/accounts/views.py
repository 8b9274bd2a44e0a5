"""Pages: signing in, joining by invitation, and one's profile."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.account.views import LoginView as BaseLoginView
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods
from django.views.generic.edit import FormView

from apps.core.errors import Conflict, InvalidInput
from apps.users.accounts import invitations
from apps.users.accounts.entries import limit_entries
from apps.users.accounts.member_forms import JoinForm, NameForm
from apps.users.accounts.second_factor import (
    are_codes_lost,
    can_read_app,
    count_left,
    has_second_factor,
    must_have_second_factor,
)
from apps.users.models import User
from apps.users.permissions import get_user
from apps.users.services import rename_user

INVITATION_SESSION_KEY = "users_invitation"


class LoginView(BaseLoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "signup_open": get_adapter().is_open_for_signup(self.request)}


class SecondFactorView(IndexView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = get_user(self.request)
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["factor_missing"] = must_have_second_factor(user) and not has_second_factor(user)
        found = context["authenticators"]
        if app := found.get(Authenticator.Type.TOTP):
            context["app_lost"] = not can_read_app(app)
        if codes := found.get(Authenticator.Type.RECOVERY_CODES):
            context["codes_left"] = count_left(codes)
        return context


class RecoveryCodesView(ViewRecoveryCodesView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Asks first: codes that cannot be read now have not been shown, and are when their key comes back."""
        if are_codes_lost(get_user(self.request)):
            return {"codes_lost": True}
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context


class NewRecoveryCodesView(GenerateRecoveryCodesView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Without how many end with it, where that cannot be said."""
        above = FormView if are_codes_lost(get_user(self.request)) else GenerateRecoveryCodesView
        context: dict[str, Any] = above.get_context_data(self, **kwargs)
        return context


@require_http_methods(["GET", "POST"])
def show_account(request: HttpRequest) -> HttpResponse:
    user = get_user(request)
    form = NameForm(request.POST or None, initial={"full_name": user.full_name})
    if request.method == "POST" and form.is_valid():
        try:
            rename_user(user=user, full_name=form.cleaned_data["full_name"])
        except InvalidInput as error:
            form.add_input_errors(error)
        else:
            messages.success(request, "Your name is saved.")
            return redirect("users:account")
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    context = {"form": form, "factors": factors.count(), "factor_required": must_have_second_factor(user)}
    return render(request, "users/account.html", context, status=422 if form.errors else 200)


@require_GET
@never_cache
def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Keeps the token in the session: an address is seen by others, in histories and by what the page links to."""
    if invitations.find_invitation(token):
        request.session[INVITATION_SESSION_KEY] = token
    else:
        request.session.pop(INVITATION_SESSION_KEY, None)
    return redirect("users:join")


@limit_entries
@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters("password", "password_again")
def join(request: HttpRequest) -> HttpResponse:
    token = request.session.get(INVITATION_SESSION_KEY, "")
    invitation = invitations.find_invitation(token)
    if invitation is None or request.user.is_authenticated:
        status = 200 if invitation else 410
        return render(request, "users/invitation_ended.html", {"invitation": invitation}, status=status)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in ("full_name", "password")}
        try:
            user = invitations.accept(token=token, **fields)
        except InvalidInput as error:
            form.add_input_errors(error)
        except Conflict:
            return redirect("users:join")
        else:
            return start_session(request, user)
    context = {"form": form, "invitation": invitation}
    return render(request, "users/join.html", context, status=422 if form.errors else 200)


def start_session(request: HttpRequest, user: User) -> HttpResponse:
    """Signs in who has just chosen their password, and is not asked for it again to set up a second factor."""
    request.session.pop(INVITATION_SESSION_KEY, None)
    record_authentication(request, user, "password", email=user.email, reauthenticated=True)
    response: HttpResponse = perform_login(request, user, email=user.email)
    return response
