import threading
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connections
from django.test import Client
from django.utils import timezone

from apps.core.errors import Conflict, InvalidInput
from apps.users.accounts.invitations import accept, find_invitation, invite, renew, withdraw
from apps.users.accounts.models import Invitation, InvitationState
from apps.users.models import User
from apps.users.roles import Role
from tests.users.accounts.helpers import NEW_PASSWORD, is_signed_in, link_in
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

EMAIL = "ada@example.com"
JOIN, INVITATIONS = "/account/invitation/", "/account/members/invitations/"
FORM = {"full_name": "Ada", "password": NEW_PASSWORD, "password_again": NEW_PASSWORD}


@pytest.fixture
def admin() -> User:
    return UserFactory(role=Role.ADMIN)


@pytest.fixture
def token(admin: User) -> str:
    return invite(email=EMAIL, role="curator", invited_by=admin)[1]


def end(**fields: Any) -> None:
    Invitation.objects.update(**fields)


class TestServices:
    def test_an_invitation_makes_one_account_of_its_role(self, token: str) -> None:
        user = accept(token=token, full_name="Ada", password=NEW_PASSWORD)
        assert (user.email, user.role, user.full_name) == (EMAIL, Role.CURATOR, "Ada")
        assert EmailAddress.objects.get(user=user).verified
        assert Invitation.objects.get().state == InvitationState.ACCEPTED
        with pytest.raises(Conflict):
            accept(token=token, full_name="Eve", password=NEW_PASSWORD)

    def test_the_token_itself_is_kept_nowhere(self, token: str) -> None:
        assert token not in str(vars(Invitation.objects.get()))
        assert len(token) >= 43

    @pytest.mark.parametrize("field", ["expires_at", "withdrawn_at"])
    def test_one_that_ended_makes_none(self, token: str, field: str) -> None:
        end(**{field: timezone.now()})
        assert find_invitation(token) is None
        with pytest.raises(Conflict):
            accept(token=token, full_name="Eve", password=NEW_PASSWORD)
        assert not User.objects.filter(email=EMAIL).exists()

    def test_sending_it_again_ends_the_former_link(self, token: str) -> None:
        end(expires_at=timezone.now())
        renewed = renew(invitation=Invitation.objects.get())
        assert find_invitation(token) is None
        assert find_invitation(renewed) == Invitation.objects.get()
        left = Invitation.objects.get().expires_at - timezone.now()
        assert timedelta(days=6) < left <= timedelta(days=7)

    def test_an_ended_one_is_not_sent_or_withdrawn_again(self, token: str) -> None:
        withdraw(invitation=Invitation.objects.get())
        for act in (renew, withdraw):
            with pytest.raises(Conflict, match="withdrawn already"):
                act(invitation=Invitation.objects.get())

    @pytest.mark.parametrize(
        ("email", "role", "field"),
        [
            ("", "viewer", "email"),
            ("nonsense", "viewer", "email"),
            (f"{'x' * 250}@example.com", "viewer", "email"),
            (EMAIL, "service", "role"),
            (EMAIL, "owner", "role"),
        ],
    )
    def test_wrong_input_names_the_field(self, admin: User, email: str, role: str, field: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            invite(email=email, role=role, invited_by=admin)
        assert refused.value.errors.keys() == {field}
        assert not Invitation.objects.exists()

    def test_an_address_has_one_account_and_one_invitation(self, admin: User, token: str) -> None:
        with pytest.raises(InvalidInput, match="is invited already"):
            invite(email=EMAIL.upper(), role="viewer", invited_by=admin)
        with pytest.raises(InvalidInput, match="has an account already"):
            invite(email=admin.email, role="viewer", invited_by=admin)

    def test_an_expired_one_makes_way_for_a_new_one(self, admin: User, token: str) -> None:
        end(expires_at=timezone.now())
        invite(email=EMAIL, role="viewer", invited_by=admin)
        assert Invitation.objects.unsettled().count() == 1

    def test_an_account_that_nobody_proved_to_hold_is_in_nobodys_way(self, admin: User) -> None:
        squatter = UserFactory(email=EMAIL)
        EmailAddress.objects.filter(user=squatter).update(verified=False)
        _, token = invite(email=EMAIL, role="viewer", invited_by=admin)
        user = accept(token=token, full_name="Ada", password=NEW_PASSWORD)
        assert user.pk != squatter.pk
        assert list(User.objects.filter(email=EMAIL)) == [user]

    @pytest.mark.django_db(transaction=True)
    def test_two_who_use_it_at_once_make_one_account(self, token: str) -> None:
        outcomes: list[str] = []

        def use() -> None:
            try:
                accept(token=token, full_name="Ada", password=NEW_PASSWORD)
                outcomes.append("made")
            except Conflict:
                outcomes.append("refused")
            connections.close_all()

        threads = [threading.Thread(target=use) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["made", "refused", "refused"]


class TestJoin:
    def test_the_link_leads_to_a_form_whose_address_does_not_tell_it(self, client: Client, token: str) -> None:
        assert client.get(f"{JOIN}{token}/")["Location"] == JOIN
        page = client.get(JOIN).content.decode()
        assert EMAIL in page
        assert token not in page

    def test_it_makes_the_account_and_signs_in(self, client: Client, token: str) -> None:
        client.get(f"{JOIN}{token}/")
        assert client.post(JOIN, FORM).status_code == 302
        assert is_signed_in(client)
        assert User.objects.get(email=EMAIL).check_password(NEW_PASSWORD)
        assert client.get("/account/second-factor/app/").status_code == 200

    def test_who_must_have_a_second_factor_is_sent_to_set_one_up(self, client: Client, settings, token: str) -> None:
        settings.REQUIRE_SECOND_FACTOR = "staff"
        client.get(f"{JOIN}{token}/")
        assert client.post(JOIN, FORM, follow=True).redirect_chain[-1][0] == "/account/second-factor/"

    def test_it_is_good_once(self, client: Client, token: str) -> None:
        client.get(f"{JOIN}{token}/")
        late = Client()
        late.get(f"{JOIN}{token}/")
        client.post(JOIN, FORM)
        assert late.get(JOIN).status_code == 410
        assert late.post(JOIN, {**FORM, "full_name": "Eve"}).status_code == 410
        assert not is_signed_in(late)

    def test_every_link_that_is_no_good_reads_the_same(self, client: Client, token: str) -> None:
        pages = set()
        for link in (token, "nonsense", "x" * 2000):
            end(expires_at=timezone.now())
            client.get(f"{JOIN}{link}/")
            pages.add(client.get(JOIN).content)
        assert len(pages) == 1

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"password": "short", "password_again": "short"}, "password"),
            ({"password_again": "different 99"}, "password_again"),
            ({"password": EMAIL, "password_again": EMAIL}, "password"),
            ({"full_name": ""}, "full_name"),
            ({"full_name": "a\x1bb"}, "full_name"),
        ],
    )
    def test_what_is_wrong_is_shown_and_uses_nothing_up(
        self, client: Client, token: str, wrong: dict[str, str], field: str
    ) -> None:
        client.get(f"{JOIN}{token}/")
        response = client.post(JOIN, {**FORM, **wrong})
        assert response.status_code == 422
        assert field in response.context["form"].errors
        assert find_invitation(token)

    def test_role_and_address_cannot_be_chosen(self, client: Client, token: str) -> None:
        client.get(f"{JOIN}{token}/")
        client.post(JOIN, {**FORM, "role": "admin", "email": "evil@example.com"})
        assert User.objects.get(email=EMAIL).role == Role.CURATOR

    def test_who_is_signed_in_signs_out_first(self, client: Client, admin: User, token: str) -> None:
        client.force_login(admin)
        client.get(f"{JOIN}{token}/")
        assert "You are signed in already" in client.get(JOIN).content.decode()
        client.post(JOIN, FORM)
        assert find_invitation(token)


class TestPages:
    @pytest.fixture
    def client(self, client: Client, admin: User) -> Client:
        client.force_login(admin)
        return client

    def invite(self, client: Client, **fields: str) -> Any:
        return client.post(INVITATIONS, {"email": EMAIL, "role": "curator", **fields})

    def test_the_invitation_is_sent(self, client: Client, settings) -> None:
        settings.EMAIL_ENABLED, settings.SITE_URL = True, "https://touchstone.example"
        settings.ALLOWED_HOSTS = ["*"]
        form = {"email": EMAIL, "role": "curator"}
        response = client.post(INVITATIONS, form, HTTP_HOST="evil.example")
        assert response["Location"] == INVITATIONS
        (message,) = mail.outbox
        assert message.to == [EMAIL]
        assert "evil" not in message.body
        assert Client().get(link_in(message))["Location"] == JOIN

    def test_where_no_mail_is_sent_the_link_is_shown_once(self, client: Client, settings) -> None:
        settings.EMAIL_ENABLED = False
        response = self.invite(client)
        page = response.content.decode()
        link = response.context["link"]
        assert link in page
        assert "no-store" in response["Cache-Control"]
        assert link not in client.get(INVITATIONS).content.decode()
        assert EMAIL in client.get(INVITATIONS).content.decode()

    def test_a_message_that_cannot_be_sent_is_said(
        self, client: Client, settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.EMAIL_ENABLED = True

        def fail(message: EmailMessage) -> int:
            raise SMTPException("no")

        monkeypatch.setattr(EmailMessage, "send", fail)
        response = self.invite(client)
        assert "The message could not be sent." in response.content.decode()
        assert response.context["link"]

    @pytest.mark.parametrize("wrong", [{"email": ""}, {"email": "nonsense"}, {"role": "service"}, {"role": ""}])
    def test_what_is_wrong_is_shown(self, client: Client, wrong: dict[str, str]) -> None:
        response = self.invite(client, **wrong)
        assert response.status_code == 422
        assert response.context["form"].errors.keys() == wrong.keys()
        assert not Invitation.objects.exists()

    def test_a_taken_address_is_shown(self, client: Client, admin: User) -> None:
        response = self.invite(client, email=admin.email)
        assert response.status_code == 422
        assert "account already" in response.content.decode()

    def test_it_is_sent_again_and_withdrawn(self, client: Client, token: str) -> None:
        pk = Invitation.objects.get().pk
        response = client.post(f"{INVITATIONS}{pk}/resend/")
        assert find_invitation(token) is None
        assert find_invitation(response.context["link"].rstrip("/").rpartition("/")[2]) == Invitation.objects.get()
        client.post(f"{INVITATIONS}{pk}/withdraw/")
        assert Invitation.objects.get().state == InvitationState.WITHDRAWN
        assert client.post(f"{INVITATIONS}{pk}/resend/")["Location"] == INVITATIONS

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.CURATOR])
    def test_only_admins_do(self, role: Role, token: str) -> None:
        client = Client()
        client.force_login(UserFactory(role=role))
        pk = Invitation.objects.get().pk
        assert client.get(INVITATIONS).status_code == 403
        assert self.invite(client, email="other@example.com").status_code == 403
        for action in ("resend", "withdraw"):
            assert client.post(f"{INVITATIONS}{pk}/{action}/").status_code == 403
        assert find_invitation(token)
