"""What addresses say, as the database can be asked."""

from django.http import QueryDict

MAX_TEXT = 300


def read_key(data: QueryDict, name: str) -> int | None:
    """A row's key out of the address; None for what cannot be one."""
    text = data.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def read_text(data: QueryDict, name: str) -> str:
    # PostgreSQL can not even be asked about a text with a NUL in it.
    return data.get(name, "").replace("\0", "\ufffd").strip()[:MAX_TEXT]
