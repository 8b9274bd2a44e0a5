"""What the back office's admins of evaluations share."""

import json
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.evaluations.models import Verdict

VERDICT_COLOURS = {
    Verdict.BETTER.label: "success",
    Verdict.WORSE.label: "danger",
    Verdict.FAILED.label: "danger",
    Verdict.NOT_ENOUGH.label: "warning",
}
CHARACTERS_SHOWN = 20_000


def show_json(value: Any) -> SafeString | str:
    """Indented, for people; not without end."""
    if not value:
        return "-"
    text = json.dumps(value, ensure_ascii=False, indent=2)
    more = len(text) - CHARACTERS_SHOWN
    shown = text[:CHARACTERS_SHOWN] + (f"\n... and {more:,} more characters" if more > 0 else "")
    return format_html('<pre class="ts-code ts-long" tabindex="0">{}</pre>', shown)


def link_list(model: str, title: Any, **filters: Any) -> SafeString:
    """A link to the list of a model of this app, filtered."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    address = reverse(f"admin:evaluations_{model}_changelist")
    return format_html('<a class="ts-link" href="{}?{}">{}</a>', address, query, title)
