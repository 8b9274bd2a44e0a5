"""Pages: one's profile, joining by invitation, and the members."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.account.views import LoginView as BaseLoginView
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import Conflict, InvalidInput
from apps.core.refusals import say_refusal
from apps.users.accounts import invitations, members
from apps.users.accounts.member_forms import PEOPLE_CHOICES, InviteForm, JoinForm, NameForm
from apps.users.accounts.models import Invitation
from apps.users.accounts.second_factor import has_second_factor, must_have_second_factor
from apps.users.models import User
from apps.users.permissions import get_user
from apps.users.services import rename_user

MEMBERS_A_PAGE = 50
INVITATION_SESSION_KEY = "users_invitation"


class LoginView(BaseLoginView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "signup_open": get_adapter().is_open_for_signup(self.request)}


class SecondFactorView(IndexView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = get_user(self.request)
        missing = must_have_second_factor(user) and not has_second_factor(user)
        return {**super().get_context_data(**kwargs), "factor_missing": missing}


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
    request.session[INVITATION_SESSION_KEY] = token
    return redirect("users:join")


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters("password", "password_again")
def join(request: HttpRequest) -> HttpResponse:
    token = request.session.get(INVITATION_SESSION_KEY, "")
    invitation = invitations.find_invitation(token)
    if invitation is None or request.user.is_authenticated:
        return render(
            request, "users/invitation_ended.html", {"invitation": invitation}, status=200 if invitation else 410
        )
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


@require_GET
def list_members(request: HttpRequest) -> HttpResponse:
    return render_members(request, InviteForm())


@require_http_methods(["GET", "POST"])
@never_cache
def invite(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("users:members")
    form = InviteForm(request.POST)
    if not form.is_valid():
        return render_members(request, form, status=422)
    try:
        invitation, token = invitations.invite(**form.cleaned_data, invited_by=get_user(request))
    except InvalidInput as error:
        form.add_input_errors(error)
        return render_members(request, form, status=422)
    return hand_over(request, invitation, token)


@require_POST
@never_cache
def resend_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk)
    with say_refusal(request):
        return hand_over(request, invitation, invitations.renew(invitation=invitation))
    return redirect("users:members")


@require_POST
def withdraw_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk)
    with say_refusal(request):
        invitations.withdraw(invitation=invitation)
        messages.success(request, f"The invitation of {invitation.email} is withdrawn.")
    return redirect("users:members")


@require_POST
def set_role(request: HttpRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(User, pk=pk)
    with say_refusal(request):
        members.set_role(member=member, role=request.POST.get("role", ""))
        messages.success(request, f"{member.email} is {request.POST['role']} now.")
    return redirect("users:members")


@require_POST
def set_active(request: HttpRequest, pk: int) -> HttpResponse:
    member, active = get_object_or_404(User, pk=pk), request.POST.get("active") == "1"
    with say_refusal(request):
        members.set_active(member=member, active=active, by=get_user(request))
        messages.success(request, f"{member.email} is {'active again' if active else 'deactivated'}.")
    return redirect("users:members")


@require_POST
def remove_factors(request: HttpRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(User, pk=pk)
    members.remove_second_factors(member=member)
    messages.success(request, f"{member.email} signs in without a second factor until they set one up again.")
    return redirect("users:members")


def hand_over(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """Sends the invitation; where no e-mail can be sent, the page shows its link this once."""
    if invitations.send_invitation(invitation=invitation, token=token):
        messages.success(request, f"The invitation is on its way to {invitation.email}.")
        return redirect("users:members")
    return render_members(request, InviteForm(), invited=invitation, link=invitations.make_link(token))


def render_members(request: HttpRequest, form: InviteForm, status: int = 200, **context: Any) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    people = User.objects.annotate(has_factor=Exists(factors)).order_by("-is_active", "email")
    if query:
        people = people.filter(Q(email__icontains=query) | Q(full_name__icontains=query))
    context |= {
        "form": form,
        "page": Paginator(people, MEMBERS_A_PAGE).get_page(request.GET.get("page")),
        "query": query,
        "roles": PEOPLE_CHOICES,
        "invitations": Invitation.objects.unsettled().select_related("invited_by"),
        "now": timezone.now(),
        "sends_mail": settings.EMAIL_ENABLED,
    }
    return render(request, "users/members.html", context, status=status)
