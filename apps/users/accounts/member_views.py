"""Pages: the members and the invitations, for admins."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.errors import InvalidInput
from apps.core.htmx import PageRequest
from apps.core.refusals import say_refusal
from apps.core.tables import render_table
from apps.users.accounts import invitations, members
from apps.users.accounts.lists import MemberTable, with_factors
from apps.users.accounts.member_forms import PEOPLE_CHOICES, InviteForm
from apps.users.accounts.models import Invitation
from apps.users.models import User
from apps.users.permissions import get_user


@require_GET
@cache_control(private=True, no_cache=True)
@vary_on_headers("HX-Target")
def list_members(request: PageRequest) -> HttpResponseBase:
    invited = Invitation.objects.open(timezone.now()).count()
    return render_table(request, MemberTable(), "users/members.html", {"invited": invited})


@require_GET
def show_member(request: HttpRequest, pk: int) -> HttpResponse:
    return render_member(request, pk)


@require_POST
def set_role(request: HttpRequest, pk: int) -> HttpResponse:
    member, role = get_object_or_404(User, pk=pk), request.POST.get("role", "")
    with say_refusal(request):
        members.set_role(member=member, role=role)
        messages.success(request, f"{member.email} is {role} now.")
    return redirect("users:member", pk)


@require_POST
def set_active(request: HttpRequest, pk: int) -> HttpResponse:
    member, active = get_object_or_404(User, pk=pk), request.POST.get("active") == "1"
    with say_refusal(request):
        members.set_active(member=member, active=active, by=get_user(request))
        messages.success(request, f"{member.email} is {'active again' if active else 'deactivated'}.")
    return redirect("users:member", pk)


@require_POST
def remove_factors(request: HttpRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(User, pk=pk)
    members.remove_second_factors(member=member)
    messages.success(request, f"{member.email} signs in without a second factor until they set one up again.")
    return redirect("users:member", pk)


@require_POST
@never_cache
def make_password_link(request: HttpRequest, pk: int) -> HttpResponse:
    with say_refusal(request):
        link = members.make_password_link(member=get_object_or_404(User, pk=pk))
        return render_member(request, pk, link=link)
    return redirect("users:member", pk)


@require_http_methods(["GET", "POST"])
@never_cache
def invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation, token = invitations.invite(**form.cleaned_data, invited_by=get_user(request))
        except InvalidInput as error:
            form.add_input_errors(error)
        else:
            return hand_over(request, invitation, token)
    return render_invitations(request, form, status=422 if form.errors else 200)


@require_POST
@never_cache
def resend_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk)
    with say_refusal(request):
        return hand_over(request, invitation, invitations.renew(invitation=invitation))
    return redirect("users:invitations")


@require_POST
def withdraw_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk)
    with say_refusal(request):
        invitations.withdraw(invitation=invitation)
        messages.success(request, f"The invitation of {invitation.email} is withdrawn.")
    return redirect("users:invitations")


def hand_over(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """Sends the invitation; where no e-mail can be sent, the page shows its link this once."""
    if invitations.send_invitation(invitation=invitation, token=token):
        messages.success(request, f"The invitation is on its way to {invitation.email}.")
        return redirect("users:invitations")
    link = invitations.make_link(token)
    return render_invitations(request, InviteForm(), link=link, link_for=invitation.email)


def render_member(request: HttpRequest, pk: int, **context: Any) -> HttpResponse:
    member = get_object_or_404(with_factors(User.objects.all()), pk=pk)
    return render(request, "users/member.html", {"member": member, "roles": PEOPLE_CHOICES, **context})


def render_invitations(request: HttpRequest, form: InviteForm, status: int = 200, **context: Any) -> HttpResponse:
    context |= {
        "form": form,
        "invitations": Invitation.objects.unsettled().select_related("invited_by"),
        "now": timezone.now(),
        "sends_mail": settings.EMAIL_ENABLED,
    }
    return render(request, "users/invitations.html", context, status=status)
