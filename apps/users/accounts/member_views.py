"""Pages: the members and the invitations, for admins."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import InvalidInput
from apps.core.refusals import say_refusal
from apps.users.accounts import invitations, members
from apps.users.accounts.member_forms import PEOPLE_CHOICES, InviteForm
from apps.users.accounts.models import Invitation
from apps.users.models import User
from apps.users.permissions import get_user

MEMBERS_A_PAGE = 50


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


@require_POST
@never_cache
def make_password_link(request: HttpRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(User, pk=pk)
    with say_refusal(request):
        link = members.make_password_link(member=member)
        return render_members(request, InviteForm(), link=link, link_for=member.email, link_sets_password=True)
    return redirect("users:members")


def hand_over(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """Sends the invitation; where no e-mail can be sent, the page shows its link this once."""
    if invitations.send_invitation(invitation=invitation, token=token):
        messages.success(request, f"The invitation is on its way to {invitation.email}.")
        return redirect("users:members")
    return render_members(request, InviteForm(), link=invitations.make_link(token), link_for=invitation.email)


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
