from io import BytesIO

import pytest
from rest_framework.exceptions import ParseError

from apps.core.parsers import BodyTooLarge, JSONParser

pytestmark = pytest.mark.unit


def test_reads_json() -> None:
    assert JSONParser().parse(BytesIO('{"name": "größe"}'.encode())) == {"name": "größe"}


def test_a_body_may_be_as_long_as_the_limit_and_no_longer(settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert JSONParser().parse(BytesIO(b'"12345678"')) == "12345678"
    with pytest.raises(BodyTooLarge, match="at most 10 bytes"):
        JSONParser().parse(BytesIO(b'"123456789"'))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe{}", b'{"popularity": NaN}', b"[" * 100_000, b"9" * 5_000])
def test_what_is_no_json_is_a_clear_error(body: bytes) -> None:
    with pytest.raises(ParseError, match="JSON parse error"):
        JSONParser().parse(BytesIO(body))
