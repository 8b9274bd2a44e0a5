"""A request that names another host than ours gets nothing, and no link of ours says what a request says."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.critical]

FORGED = [
    "evil.example",
    "testserver.evil.example",
    "evil.example:80",
    "testserver@evil.example",
    "testserver\\evil",
    "",
]


@pytest.mark.parametrize("host", FORGED)
@pytest.mark.parametrize("path", ["/account/login/", "/admin/", "/api/v1/schema/", "/api/v1/functions/search/?q=a"])
def test_another_host_is_refused(client: Client, host: str, path: str) -> None:
    response = client.get(path, headers={"Host": host or " "})
    assert response.status_code == 400
    assert b"evil" not in response.content


def test_what_a_proxy_says_of_the_host_is_not_believed(client: Client) -> None:
    response = client.get("/functions/", headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"})
    assert response["Location"].startswith("/account/login/")
    assert "evil" not in response["Location"]


def test_links_in_messages_lead_to_the_site_whatever_host_was_asked(client: Client, settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    settings.SITE_URL, settings.EMAIL_ENABLED = "https://touchstone.example", True
    user = UserFactory()
    client.post(reverse("account_reset_password"), {"email": user.email}, headers={"Host": "other.example"})
    [message] = mail.outbox
    assert set(re.findall(r"https?://[^/\s]+", message.body)) == {"https://touchstone.example"}
