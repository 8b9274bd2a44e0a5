"""The addresses of django-allauth that Touchstone offers. They stay without a namespace: allauth looks for them so."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, re_path, reverse_lazy
from django.utils.cache import add_never_cache_headers

from apps.users.accounts.entries import limit_entries
from apps.users.accounts.mail import send_kept_mail
from apps.users.accounts.views import LoginView, NewRecoveryCodesView, RecoveryCodesView, SecondFactorView

View = Callable[..., HttpResponse]


def offer(view: View) -> View:
    """The view as all pages are: a form that was filled in wrongly is answered with 422, where allauth says 200.

    Its messages are sent once it is answered, and nothing of it is kept by browsers: some of it is shown once.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == HTTPStatus.OK and isinstance(response, TemplateResponse):
            context = response.context_data or {}
            if any(form.errors for form in (context.get("form"), context.get("webauthn_form")) if form is not None):
                response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        add_never_cache_headers(response)
        send_kept_mail(request, response)
        return response

    return answer


def entrance(view: View) -> View:
    """As `offer`, for forms that strangers send: so many a minute from one network, whatever they say."""
    return limit_entries(offer(view))


def by_mail(view: View) -> View:
    """For what cannot be done without e-mail: where none is sent, the page says who else helps."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.EMAIL_ENABLED:
            return render(request, "account/no_mail.html")
        return view(request, *args, **kwargs)

    return answer


urlpatterns = [
    path("login/", entrance(LoginView.as_view()), name="account_login"),
    path("logout/", offer(account.logout), name="account_logout"),
    path("signup/", entrance(account.signup), name="account_signup"),
    path("reauthenticate/", offer(account.reauthenticate), name="account_reauthenticate"),
    path("email/", by_mail(offer(account.email)), name="account_email"),
    path("email/sent/", offer(account.email_verification_sent), name="account_email_verification_sent"),
    path("email/confirm/<str:key>/", offer(account.confirm_email), name="account_confirm_email"),
    path("password/change/", offer(account.password_change), name="account_change_password"),
    path("password/reset/", by_mail(entrance(account.password_reset)), name="account_reset_password"),
    path("password/reset/sent/", offer(account.password_reset_done), name="account_reset_password_done"),
    path("password/set/", offer(account.password_set), name="account_set_password"),
    # allauth writes these two with a hyphen between them.
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-\w]+)/$",
        entrance(account.PasswordResetFromKeyView.as_view(success_url=reverse_lazy("account_login"))),
        name="account_reset_password_from_key",
    ),
    path("second-factor/", offer(SecondFactorView.as_view()), name="mfa_index"),
    path("second-factor/code/", entrance(mfa.authenticate), name="mfa_authenticate"),
    path("second-factor/again/", offer(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("second-factor/app/", offer(totp.activate_totp), name="mfa_activate_totp"),
    path("second-factor/app/remove/", offer(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("second-factor/recovery/", offer(RecoveryCodesView.as_view()), name="mfa_view_recovery_codes"),
    path("second-factor/recovery/new/", offer(NewRecoveryCodesView.as_view()), name="mfa_generate_recovery_codes"),
    path("passkeys/", offer(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("passkeys/add/", offer(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("passkeys/login/", entrance(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("passkeys/again/", offer(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("passkeys/<int:pk>/name/", offer(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", offer(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
]
