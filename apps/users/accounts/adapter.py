"""Where django-allauth asks what is particular to Touchstone."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.addresses import client_address
from apps.users.accounts.lockout import one_guess_at_a_time
from apps.users.accounts.mail import keep_mail, on_site
from apps.users.models import User
from apps.users.roles import SIGN_IN, grants

WRONG = "This email address and password do not go together."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": WRONG,
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your password.",
        "invalid_password_reset": "This link is not good any more.",
    }

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        with one_guess_at_a_time(request, credentials.get("email", "")):
            user: User | None = super().authenticate(request, **credentials)
        return user

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Refuses, whatever was proved, who may not sign in to pages: a passkey does not ask the password's backend."""
        if user.is_active and grants(user.role, SIGN_IN):
            return None
        clear_login(request)
        messages.error(request, WRONG)
        return redirect("account_login")

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN and settings.EMAIL_ENABLED)

    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:
        user.full_name = form.cleaned_data["full_name"]
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def is_safe_url(self, url: str) -> bool:
        """Only places on the host that was asked: no other of ALLOWED_HOSTS has to be ours."""
        secure = self.request.is_secure()
        return url_has_allowed_host_and_scheme(url, {self.request.get_host()}, require_https=secure)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("users:account")

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "-"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        links = {name: on_site(value) for name, value in context.items() if name.endswith("_url")}
        told = {"site_url": settings.SITE_URL, "email": email, **context, **links}
        if settings.EMAIL_ENABLED:
            keep_mail(self.request, self.render_mail(template_prefix, email, told))
