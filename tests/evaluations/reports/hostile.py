"""Reports whose every text is the same text: whatever it holds, it must come out as that text and nothing else."""

from typing import Any

from hypothesis import strategies as st

STRUCTURAL = ("verdict", "verdict_title", "newly", "moved", "primary", "measure", "method", "started_at", "finished_at")
"""Keys whose values are ours, not somebody's."""
NAMED = ("pinned", "by_language", "by_made_by", "by_tag", "by_tier")
"""Keys of objects whose own keys are somebody's."""

TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.lists(
        st.sampled_from(
            ["<script>", "</td>", "&amp;", '"', "'", "`", "|", "\\", "]]>", "<!--", "\x00", "\ud800", "=1+1"]
        ),
        max_size=6,
    ).map("".join),
)
"""Any Unicode, also what is allowed in no document, and what means something in one."""


def put_text(data: Any, text: str, key: str = "") -> Any:
    """The same data with this text for each of its own."""
    if isinstance(data, dict):
        kept = list(data.items())[:2] if key in NAMED else data.items()
        return {
            (f"{place}{text}" if key in NAMED else name): put_text(value, text, name)
            for place, (name, value) in enumerate(kept)
        }
    if isinstance(data, list):
        return [put_text(value, text, key) for value in data]
    return text if isinstance(data, str) and key not in STRUCTURAL else data
