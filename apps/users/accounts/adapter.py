"""Where django-allauth asks what is particular to Touchstone."""

import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.addresses import client_address
from apps.users.accounts.lockout import one_guess_at_a_time
from apps.users.accounts.mail import keep_mail, on_site
from apps.users.backends import RoleBackend
from apps.users.limits import counting
from apps.users.limits.policies import Limit
from apps.users.models import User
from apps.users.roles import SIGN_IN, grants
from apps.users.services import MAX_EMAIL_LENGTH

# Messages that strangers can have sent to any address, and how many of them one address gets.
ASKED_FOR = (
    "account/email/account_already_exists",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/password_reset_key",
)
MAILS_A_MINUTE = 2


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This email address and password do not go together.",
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
        messages.error(request, "You cannot sign in with this.")
        return redirect("account_login")

    def login(self, request: HttpRequest, user: User) -> None:
        """Whatever proved who it is, the session asks the backend of the pages for its user."""
        user.backend = f"{RoleBackend.__module__}.{RoleBackend.__qualname__}"
        super().login(request, user)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN and settings.EMAIL_ENABLED)

    def clean_email(self, email: str) -> str:
        if len(email) > MAX_EMAIL_LENGTH:
            raise ValidationError(f"An address has at most {MAX_EMAIL_LENGTH} characters.", code="max_length")
        return email

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
        if settings.EMAIL_ENABLED and not (template_prefix in ASKED_FOR and is_flooded(email)):
            keep_mail(self.request, self.render_mail(template_prefix, email, told))


def is_flooded(email: str) -> bool:
    """Whether so many messages went to the address that one more would only be a nuisance."""
    who = hashlib.sha256(email.lower().encode()).hexdigest()
    return bool(counting.count(Limit("mail", who, MAILS_A_MINUTE)).code)
