import hashlib
import hmac

import pytest

from apps.core.errors import InvalidInput
from apps.evaluations.services.webhooks import NotDelivered, check_webhook_url, post_webhook, sign_body
from tests.core.embedded.processes import free_ports
from tests.core.outgoing.servers import Receiver, serving

pytestmark = pytest.mark.unit


@pytest.fixture
def private_allowed(settings):
    settings.WEBHOOK_PRIVATE_NETWORKS = True


@pytest.fixture
def receiver():
    with serving(Receiver()) as server:
        yield server


def test_a_post_arrives_with_its_body_and_headers(receiver, private_allowed):
    assert post_webhook(receiver.url, b'{"a": 1}', {"X-One": "1", "Content-Type": "application/json"}) == 204
    [(path, headers, body)] = receiver.got
    assert (path, body) == ("/hooks?a=1", b'{"a": 1}')
    assert headers["X-One"] == "1"
    assert headers["Host"] == f"127.0.0.1:{receiver.server_port}"


@pytest.mark.parametrize(
    ("status", "for_good"), [(400, True), (404, True), (408, False), (429, False), (500, False), (503, False)]
)
def test_an_answer_that_is_no_success_says_whether_to_try_again(receiver, private_allowed, status, for_good):
    receiver.status = status
    with pytest.raises(NotDelivered, match=f"answered {status}") as caught:
        post_webhook(receiver.url, b"{}", {})
    assert caught.value.for_good is for_good


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver, private_allowed, status):
    receiver.status, receiver.location = status, receiver.url
    with pytest.raises(NotDelivered, match="redirects are not followed") as caught:
        post_webhook(receiver.url, b"{}", {})
    assert caught.value.for_good
    assert len(receiver.got) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379/", "http://localhost/", "http://[::ffff:10.0.0.1]/"])
def test_an_inner_address_is_refused_for_good(url):
    with pytest.raises(NotDelivered, match="private, local or reserved") as caught:
        post_webhook(url, b"{}", {})
    assert caught.value.for_good


def test_a_server_that_is_away_is_tried_again(private_allowed):
    [port] = free_ports(1)
    with pytest.raises(NotDelivered, match="did not answer") as caught:
        post_webhook(f"http://127.0.0.1:{port}/hooks", b"{}", {})
    assert not caught.value.for_good


@pytest.mark.parametrize("url", ["ftp://example.com/", "//example.com/", "http://10.0.0.1/", "http://a:b@example.com/"])
def test_what_may_not_be_posted_to_is_named(url):
    with pytest.raises(InvalidInput) as caught:
        check_webhook_url(url)
    assert list(caught.value.errors) == ["webhook_url"]
    with pytest.raises(NotDelivered):
        post_webhook(url, b"{}", {})


def test_good_addresses_are_taken(settings):
    assert check_webhook_url(" https://hooks.example.com:8443/a?b=c ") == "https://hooks.example.com:8443/a?b=c"
    assert check_webhook_url("  ") == ""
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    assert check_webhook_url("http://chat:8065/hooks/x") == "http://chat:8065/hooks/x"


def test_the_signature_is_over_the_time_and_the_body():
    assert sign_body("secret", b'{"a":1}', 1_700_000_000) == (
        "t=1700000000,v1=" + hmac.new(b"secret", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    )
