"""Doc comments to plain text: Javadoc, JSDoc, C# XML, Rust and Go.

Every pattern here takes time linear in the text: comments come from files that nobody has looked at.
"""

import html
import inspect
import re
from collections.abc import Iterator

MAX_RAW = 50_000
MAX_DOC = 20_000

_STAR = re.compile(r"^[ \t]*\*(?!\*)[ \t]?", re.MULTILINE)
_SLASHES = re.compile(r"^[ \t]*//[/!]? ?")
_DIRECTIVE = re.compile(r"//(?:[a-z]+:\S|export \w|line |nolint)")
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")
_TAG = re.compile(r"[ \t]*@(\w+)[ \t]*(.*)", re.DOTALL)
_TYPE = re.compile(r"\{(?:[^{}]|\{[^{}]*\})*\}[ \t]*")
_INLINE = re.compile(r"\{@(\w+)([^{}]*)\}")
_HTML_TAG = re.compile(
    r"</?(?:p|br|pre|code|tt|b|i|u|em|strong|ul|ol|li|dl|dt|dd|a|h[1-6]|table|caption|thead|tbody|tr|td|th|blockquote"
    r"|sub|sup|div|span|img|hr|small|cite|kbd|var|samp)(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)
_XML_VALUE = re.compile(
    r'<(?:see|seealso|paramref|typeparamref)\s[^<>]*?(?:cref|name|href|langword)="([^"<>]*)"[^<>]*/?>'
)
_XML_PARAM = re.compile(r'<(?:param|typeparam|exception)\s[^<>]*?(?:name|cref)="([^"<>]*)"[^<>]*>')
_XML_RETURNS = re.compile(r"<returns>\s*")
_XML_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_FILE_TAG = re.compile(r"@(?:license|licence|fileoverview|file|module|copyright|preserve)\b")

_DROPPED = ""
_TAG_WORDS = {
    "param": "{}",
    "arg": "{}",
    "argument": "{}",
    "return": "Returns {}",
    "returns": "Returns {}",
    "throws": "Throws {}",
    "exception": "Throws {}",
    "deprecated": "Deprecated: {}",
    "description": "{}",
    "desc": "{}",
    "summary": "{}",
    "remarks": "{}",
    "implspec": "{}",
    "implnote": "{}",
    "apinote": "{}",
}
_NAMED_TAGS = frozenset({"param", "arg", "argument", "throws", "exception"})


def tidy(text: str) -> str:
    """Return text with its common indentation, outer blank lines and runs of blank lines removed, cut to MAX_DOC."""
    cleaned = _BLANK_LINES.sub("\n\n", inspect.cleandoc(text)).strip()
    return cleaned if len(cleaned) <= MAX_DOC else cleaned[:MAX_DOC].rstrip() + "…"


def strip_block(comment: str) -> str:
    """Return what stands between /* and */, without the stars at the start of its lines."""
    text = comment[:MAX_RAW].strip()
    text = text.removesuffix("*/").rstrip("*")
    text = text.lstrip("/").lstrip("*").removeprefix("!")
    first, newline, rest = text.partition("\n")
    return first.strip() + newline + _STAR.sub("", rest)


def strip_line(comment: str) -> str:
    """Return a // or /// comment without its slashes."""
    return _SLASHES.sub("", comment[:MAX_RAW].rstrip())


def is_doc_block(comment: str) -> bool:
    """Tell whether a comment is a /** doc block; /***/ and rulers of stars are not."""
    return comment.startswith("/**") and not comment.startswith(("/***", "/**/"))


def read_javadoc(comments: list[str], *, unescape: bool = False) -> str:
    """Return the plain text of the last comment if it is a Javadoc or JSDoc block, or ""."""
    if not comments or not is_doc_block(comments[-1]) or _FILE_TAG.search(comments[-1][:MAX_RAW]):
        return ""
    text = _INLINE.sub(_read_inline, strip_block(comments[-1]))
    text = _HTML_TAG.sub("", text)
    if unescape:
        text = html.unescape(text)
    return tidy("\n".join(filter(None, _read_tags(text))))


def read_xml_doc(comments: list[str]) -> str:
    """Return the plain text of a C# doc comment: the run of /// lines at the end, or a /** block."""
    if comments and is_doc_block(comments[-1]):
        text = strip_block(comments[-1])
    else:
        text = "\n".join(strip_line(line) for line in _trailing(comments, "///"))
    text = _XML_VALUE.sub(lambda match: match[1].partition(":")[2] or match[1], text[:MAX_RAW])
    text = _XML_PARAM.sub(lambda match: f"{match[1].removeprefix('T:')}: ", text)
    text = _XML_TAG.sub("", _XML_RETURNS.sub("Returns ", text))
    return tidy(html.unescape(text))


def read_rust_doc(comments: list[str]) -> str:
    """Return the Markdown of /// lines and /** blocks above an item."""
    parts = []
    for comment in comments:
        if is_doc_block(comment):
            parts.append(strip_block(comment))
        elif comment.startswith("///") and not comment.startswith("////"):
            parts.append(strip_line(comment))
    return tidy("\n".join(parts)[:MAX_RAW])


def read_go_doc(comments: list[str]) -> str:
    """Return the comment right above a declaration, without directives such as //go:noinline."""
    parts = []
    for comment in comments:
        if comment.startswith("/*"):
            parts.append(strip_block(comment))
        elif not _DIRECTIVE.match(comment):
            parts.append(strip_line(comment))
    return tidy("\n".join(parts)[:MAX_RAW])


def _trailing(comments: list[str], prefix: str) -> list[str]:
    start = len(comments)
    while start > 0 and comments[start - 1].startswith(prefix):
        start -= 1
    return comments[start:]


def _read_inline(match: re.Match[str]) -> str:
    """{@code x} is x; {@link Target label} is the label when there is one."""
    tag, body = match[1].lower(), match[2].strip()
    if tag == "inheritdoc":
        return ""
    if tag in ("link", "linkplain", "linkcode"):
        target, _, label = body.partition("|") if "|" in body else body.partition(" ")
        body = label.strip() or target.strip().lstrip("#").replace("#", ".")
    return body


def _read_tags(text: str) -> Iterator[str]:
    """The text before the first @tag, then a line for each tag that tells something about the function."""
    block: list[str] = []
    for line in text.split("\n"):
        if line.lstrip().startswith("@") and block:
            yield _read_tag("\n".join(block))
            block = []
        block.append(line)
    yield _read_tag("\n".join(block))


def _read_tag(block: str) -> str:
    match = _TAG.match(block)
    if match is None:
        return block
    tag, body = match[1].lower(), _TYPE.sub("", match[2], count=1) if match[2].startswith("{") else match[2]
    body = " ".join(body.split())
    if tag in _NAMED_TAGS and body:
        name, _, rest = body.partition(" ")
        body = f"{name.strip('[]').partition('=')[0]}: {rest.removeprefix('- ')}" if rest else name
    words = _TAG_WORDS.get(tag, _DROPPED)
    if not body or body.lower().startswith("return"):
        return body if words else ""
    return words.format(body)
