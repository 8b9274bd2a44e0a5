import threading

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import mail
from django.db import connections
from django.test import Client

from apps.core.errors import Conflict, InvalidInput
from apps.users.accounts import members
from apps.users.models import User
from apps.users.roles import Role
from tests.users.accounts.helpers import NEW_PASSWORD, give_recovery_codes, give_totp
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PAGE = "/account/members/"
HTML = "<script>alert(1)</script>"


@pytest.fixture
def admin(client: Client) -> User:
    admin = UserFactory(role=Role.ADMIN)
    client.force_login(admin)
    return admin


@pytest.fixture
def member() -> User:
    return UserFactory(full_name="Grace")


class TestList:
    def test_it_is_searched_and_narrowed(self, client: Client, admin: User, member: User) -> None:
        gone = UserFactory(is_active=False)
        give_totp(admin)
        for query, found in (
            ({"q": "GRAC"}, {member}),
            ({"role": "admin"}, {admin}),
            ({"factor": "yes"}, {admin}),
            ({"active": "no"}, {gone}),
        ):
            page = client.get(PAGE, query).content.decode()
            shown = {user for user in (admin, member, gone) if f"{PAGE}{user.pk}/" in page}
            assert shown == found, query

    def test_html_in_names_is_text(self, client: Client, admin: User, member: User) -> None:
        User.objects.filter(pk=member.pk).update(full_name=HTML)
        for page in (PAGE, f"{PAGE}?peek={member.pk}", f"{PAGE}{member.pk}/"):
            assert HTML not in client.get(page).content.decode()

    def test_queries_do_not_grow_with_members(self, client: Client, admin: User, django_assert_max_num_queries) -> None:
        client.get(PAGE)
        for count in (1, 30):
            UserFactory.create_batch(count, password=None)
            with django_assert_max_num_queries(9):
                client.get(PAGE)

    def test_a_member_has_a_page_and_is_shown_beside_the_list(self, client: Client, admin: User, member: User) -> None:
        assert member.email in client.get(f"{PAGE}{member.pk}/").content.decode()
        assert "Preview of Grace" in client.get(PAGE, {"peek": member.pk}).content.decode()
        assert client.get(f"{PAGE}{member.pk + 999}/").status_code == 404

    def test_what_cannot_be_done_is_not_offered(self, client: Client, admin: User, member: User) -> None:
        program = UserFactory(role=Role.SERVICE)
        theirs = client.get(f"{PAGE}{program.pk}/").content.decode()
        assert f"{PAGE}{program.pk}/role/" not in theirs
        assert f"{PAGE}{program.pk}/password/" not in theirs
        assert "You cannot deactivate yourself." in client.get(f"{PAGE}{admin.pk}/").content.decode()
        assert f"{PAGE}{member.pk}/second-factor/" not in client.get(f"{PAGE}{member.pk}/").content.decode()


class TestRole:
    def test_it_is_set(self, client: Client, admin: User, member: User) -> None:
        client.post(f"{PAGE}{member.pk}/role/", {"role": "curator"})
        member.refresh_from_db()
        assert member.role == Role.CURATOR

    @pytest.mark.parametrize("role", ["service", "owner", ""])
    def test_not_to_what_no_person_is(self, client: Client, admin: User, member: User, role: str) -> None:
        response = client.post(f"{PAGE}{member.pk}/role/", {"role": role}, follow=True)
        assert "must be one of" in response.content.decode()
        member.refresh_from_db()
        assert member.role == Role.VIEWER

    def test_a_program_stays_one(self, client: Client, admin: User) -> None:
        program = UserFactory(role=Role.SERVICE)
        client.post(f"{PAGE}{program.pk}/role/", {"role": "admin"})
        program.refresh_from_db()
        assert program.role == Role.SERVICE

    def test_the_last_admin_stays_one(self, client: Client, admin: User) -> None:
        response = client.post(f"{PAGE}{admin.pk}/role/", {"role": "viewer"}, follow=True)
        assert "last active admin" in response.content.decode()
        admin.refresh_from_db()
        assert admin.role == Role.ADMIN

    @pytest.mark.django_db(transaction=True)
    def test_two_admins_who_end_each_other_leave_one(self) -> None:
        admins = UserFactory.create_batch(2, role=Role.ADMIN)
        refused: list[str] = []

        def end(member: User) -> None:
            try:
                members.set_role(member=member, role="viewer")
            except Conflict as error:
                refused.append(error.code)
            connections.close_all()

        threads = [threading.Thread(target=end, args=[member]) for member in admins]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert refused == ["last_admin"]
        assert User.objects.filter(role=Role.ADMIN).count() == 1

    def test_a_wrong_role_is_named(self, member: User) -> None:
        with pytest.raises(InvalidInput) as refused:
            members.set_role(member=member, role="owner")
        assert refused.value.errors.keys() == {"role"}


class TestActive:
    def test_who_is_deactivated_is_out_at_once_and_in_again_when_let(
        self, client: Client, admin: User, member: User
    ) -> None:
        theirs = Client()
        theirs.force_login(member)
        client.post(f"{PAGE}{member.pk}/active/", {"active": "0"})
        assert theirs.get("/account/").status_code == 302
        client.post(f"{PAGE}{member.pk}/active/", {"active": "1"})
        member.refresh_from_db()
        assert member.is_active

    def test_not_oneself(self, client: Client, admin: User) -> None:
        UserFactory(role=Role.ADMIN)
        response = client.post(f"{PAGE}{admin.pk}/active/", {"active": "0"}, follow=True)
        assert "cannot deactivate yourself" in response.content.decode()
        admin.refresh_from_db()
        assert admin.is_active

    def test_not_the_last_admin(self, admin: User, member: User) -> None:
        with pytest.raises(Conflict, match="last active admin"):
            members.set_active(member=admin, active=False, by=member)


class TestPasswordLink:
    def test_it_sets_a_new_password_once(self, client: Client, admin: User, member: User) -> None:
        response = client.post(f"{PAGE}{member.pk}/password/")
        link = response.context["link"]
        assert link in response.content.decode()
        assert "no-store" in response["Cache-Control"]
        theirs = Client()
        form = theirs.get(link.removeprefix(settings.SITE_URL))["Location"]
        theirs.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
        member.refresh_from_db()
        assert member.check_password(NEW_PASSWORD)
        assert "not good any more" in Client().get(link.removeprefix(settings.SITE_URL)).content.decode()

    @pytest.mark.parametrize("person", [{"is_active": False}, {"role": Role.SERVICE}])
    def test_who_signs_in_to_no_page_has_none(self, client: Client, admin: User, person: dict[str, object]) -> None:
        response = client.post(f"{PAGE}{UserFactory(**person).pk}/password/", follow=True)
        assert "signs in to no page" in response.content.decode()
        assert "/account/password/reset/" not in response.content.decode()


class TestSecondFactor:
    def test_it_is_removed_for_who_has_lost_it(self, client: Client, admin: User, member: User, settings) -> None:
        settings.EMAIL_ENABLED = True
        give_totp(member)
        give_recovery_codes(member)
        kept = give_totp(admin)
        client.post(f"{PAGE}{member.pk}/second-factor/")
        assert not Authenticator.objects.filter(user=member).exists()
        assert Authenticator.objects.filter(user=admin).exists()
        assert kept
        assert mail.outbox[0].to == [member.email]

    def test_where_there_is_none_nobody_is_told(self, client: Client, admin: User, member: User, settings) -> None:
        settings.EMAIL_ENABLED = True
        client.post(f"{PAGE}{member.pk}/second-factor/")
        assert mail.outbox == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CURATOR])
@pytest.mark.parametrize("action", ["role", "active", "password", "second-factor"])
def test_only_admins_do(role: Role, action: str, member: User) -> None:
    client = Client()
    client.force_login(UserFactory(role=role))
    give_totp(member)
    form = {"role": "admin", "active": "0"}
    assert client.post(f"{PAGE}{member.pk}/{action}/", form).status_code == 403
    member.refresh_from_db()
    assert (member.role, member.is_active) == (Role.VIEWER, True)
    assert Authenticator.objects.filter(user=member).exists()


def test_not_by_a_link_and_not_without_the_csrf_token(member: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(role=Role.ADMIN))
    assert client.get(f"{PAGE}{member.pk}/role/").status_code == 405
    assert client.post(f"{PAGE}{member.pk}/role/", {"role": "admin"}).status_code == 403
