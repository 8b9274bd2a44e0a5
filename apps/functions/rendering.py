"""Catalogue content as safe HTML: code in colours, the words of a query emphasised, differences by line."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.core.cache.policy import CachePolicy
from apps.core.cache.registry import get_cache, register_policy
from apps.functions.search.tokens import tokenize

HIGHLIGHT_CHARS = 32_000
"""Code beyond this is shown without colours: lexers are slow, and nobody reads that far in a browser."""
LONGEST_LINE = 2_000
"""Code with longer lines is minified or data; lexers may take quadratic time over them."""
LANGUAGE_NAMES = {
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "csharp": "C#",
    "cpp": "C++",
    "css": "CSS",
    "fsharp": "F#",
    "html": "HTML",
    "matlab": "MATLAB",
    "objectivec": "Objective-C",
    "ocaml": "OCaml",
    "php": "PHP",
    "powershell": "PowerShell",
    "sql": "SQL",
    "vb": "Visual Basic",
}
LEXERS = {"assembly": "nasm", "lisp": "common-lisp", "vb": "vb.net"}
"""What Pygments calls a language, where that differs from the catalogue."""
PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
"""A word, or one of those that make up an identifier."""

BREAK = re.compile(r"(?<=\w)(?:\.|_|::|/)(?=\w)|(?<=[a-z])(?=[A-Z])")
PROSE = re.compile(r"(?![-*+•>@:#|=~\d\s])(?!.*\s{3}).*[^:]$")
"""A line that is no heading of something, no item of a list and no row of a table."""
WRAPPED_FROM = 50
"""Characters of a line that may have been broken for its length."""

register_policy(CachePolicy("functions.highlight", version=1, local_size=128, local_ttl=3600))


@dataclass(frozen=True, slots=True)
class CodeView:
    """`head` is HTML, a `<span class="line">` a line; `rest` is the plain text after it, with its number of lines."""

    head: SafeString
    rest: str
    rest_lines: int


def render_code(code: str, language: str, *, first_line: int = 1, limit: int = HIGHLIGHT_CHARS) -> CodeView:
    """The first `limit` characters of the code, up to the end of a line, in colours; cached by digest."""
    head, rest = split_code(code, limit)
    recipe = [hashlib.blake2b(head.encode("utf-8", "replace"), digest_size=16).hexdigest(), language, first_line]
    html = get_cache("functions.highlight").get_or_compute(recipe, partial(_render_lines, head, language, first_line))
    return CodeView(html, rest, rest.count("\n") + bool(rest and not rest.endswith("\n")))


def name_language(key: str) -> str:
    """A language as people write it: `csharp` is C#."""
    return LANGUAGE_NAMES.get(key, key.capitalize())


def split_code(code: str, limit: int) -> tuple[str, str]:
    """The code in two at the last end of a line within `limit` characters; in one when it is short."""
    if len(code) <= limit:
        return code, ""
    cut = code.rfind("\n", 0, limit) + 1 or limit
    return code[:cut], code[cut:]


def emphasise(text: str, terms: Iterable[str]) -> SafeString:
    """`text`, escaped, with the words that share a stem with one of the terms in `<mark>`; also inside identifiers."""
    stems = {token.term for term in terms for token in tokenize(term)}
    pieces: list[SafeString] = []
    end = 0
    for match in PART.finditer(text):
        if stems.isdisjoint(token.term for token in tokenize(match[0])):
            continue
        pieces += [escape(text[end : match.start()]), format_html("<mark>{}</mark>", match[0])]
        end = match.end()
    return format_html_join("", "{}", ((piece,) for piece in (*pieces, escape(text[end:]))))


def breakable(name: str) -> SafeString:
    """A name, escaped, that a narrow page may break where one of its words ends."""
    return mark_safe(BREAK.sub(r"\g<0><wbr>", escape(name)))  # noqa: S308 - escaped, and `<wbr>` is ours


def reflow(text: str) -> str:
    """Joins the lines of prose that somebody broke to fit a source file; lists, code and tables stay as they are."""
    pieces: list[str] = []
    before = ""
    for line in text.split("\n"):
        joined = len(before) >= WRAPPED_FROM and PROSE.match(before) and PROSE.match(line)
        pieces += [" " if joined else "\n", line]
        before = line
    return "".join(pieces[1:])


def render_diff(lines: list[str]) -> SafeString:
    """The lines of a unified diff, each in a span that tells added from removed; gaps between them as dots."""
    kinds = {"+": "add", "-": "del", "⋯": "gap"}
    shown = (line if not line.startswith("@@") else "⋯" for line in lines[1:]) if lines else ()
    rows = ((kinds.get(line[:1], "same"), line) for line in shown)
    return format_html_join("", '<span class="{}">{}</span>', rows)


def _render_lines(code: str, language: str, first_line: int) -> SafeString:
    if not code:
        return mark_safe("")
    lines = list(_plain_lines(code) if _has_long_line(code) else _coloured_lines(code, language))
    # What is copied from the page is the code itself, so the last line ends as it does there.
    ends = ["\n"] * (len(lines) - 1) + ["\n" if code.endswith("\n") else ""]
    numbered = zip(range(first_line, first_line + len(lines)), lines, ends, strict=True)
    return format_html_join("", '<span class="line" data-line="{}">{}{}</span>', numbered)


def _coloured_lines(code: str, language: str) -> Iterator[SafeString]:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.lexers.special import TextLexer
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(LEXERS.get(language, language), stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False, ensurenl=False)
    html = highlight(code, lexer, HtmlFormatter(nowrap=True))
    # The formatter escapes what it is given, and closes its spans at the end of every line.
    return (mark_safe(line) for line in html.removesuffix("\n").split("\n"))  # noqa: S308


def _plain_lines(code: str) -> Iterator[SafeString]:
    return (escape(line) for line in code.removesuffix("\n").split("\n"))


def _has_long_line(code: str) -> bool:
    return any(len(line) > LONGEST_LINE for line in code.split("\n"))
