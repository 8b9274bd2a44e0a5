"""The report as JSON, for programs."""

import json
from collections.abc import Mapping
from typing import Any

SCHEMA = "touchstone/report/1"
"""Rises when a key changes its meaning or goes; new keys may come at any time."""


def render_json(data: Mapping[str, Any], url: str = "") -> bytes:
    """The data as it is, with `schema`, keys in alphabetical order: equal reports are equal bytes.

    Raises ValueError for a number that is not finite, which JSON does not have.
    """
    document = {**data, "schema": SCHEMA, **({"url": url} if url else {})}
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    # A lone surrogate has no UTF-8; its backslash form is JSON's own escape.
    return f"{text}\n".encode(errors="backslashreplace")
