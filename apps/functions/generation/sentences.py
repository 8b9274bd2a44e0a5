"""What a description says first, as a person would type it who looks for the function."""

import html
import re

from apps.functions.generation.inflection import to_base_form
from apps.functions.generation.vocabulary import BOILERPLATE
from apps.functions.search.documents import first_paragraph
from apps.functions.search.tokens import split_identifier

MAX_READ = 1_000
"""Characters of a description that are looked at."""

MIN_WORDS = 3
MAX_WORDS = 12
MAX_CHARACTERS = 80

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,80}>")
_INLINE = re.compile(r"\{@\w+\s+([^{}]*)\}")
_ROLE = re.compile(r":[a-z:]{2,12}:`~?([^`]*)`")
_LINK = re.compile(r"\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])?")
_BRACKETED = re.compile(r"\s*\([^()]*\)|\s*\[[^\[\]]*\]")
_MARKS = re.compile(r"[`'\"*“”‘’]+(?=\W|$)|(?<!\w)[`'\"*“”‘’]+|`")
_SENTENCE_END = re.compile(
    r"[.!?;:](?:\s|$)|,?\s(?:e\.g|i\.e|eg|ie)\b|\s[-–—]+\s|\.{2,}|->|=>|>>>|\s@|, (?:that is|which)\b"
)
_CLAUSE = re.compile(r",\s|\s(?:which|that|where|when|so|if|unless|as|because|while|but|and)\s")
_PREPOSITION = re.compile(r"\s(?:for|from|in|into|with|using|by|to|on|onto|at|of|between|under|via|without)\s")
_NOISE = re.compile(r"[^\w ',./+#-]|_|#\d|https?:|www\.|\b(?:self|xxx)\b|(?:^|\s)\W+(?=\s|$)")
_DANGLING = re.compile(
    r"(?:[\s,]+(?:a|an|the|of|for|from|in|to|with|by|on|and|or|at|is|are|be|as|only|such|its?|this|that|order|determine))+$"
)
_IDENTIFIER = re.compile(r"\w+(?:(?:\.|::|#)\w+)*")
_INNER_CASE = re.compile(r"[a-z][A-Z]|\w_\w|\w(?:\.|::|#)[A-Za-z]")
_OWN_NAME = re.compile(r"(?P<name>\w+)(?P<mark>\([^()]*\):?|\s*[:–—-]|)\s+(?:[:–—-]\s+)?")
_GIVEN = re.compile(r"^given (?:[^,]{1,40}), (?=\w+s?\b)")
_ADVERB = re.compile(r"^\w{3,}ly,? (?=\w+s\b)")
# A statement about the function or its world, instead of what it does: "the stream is closed by ...".
_STATEMENT = re.compile(r"^(?:the |an? )?(?:[\w-]+ ){1,3}(?:is|are|was|will|must|should|may|can|has|have) ")
# Where it says that its arguments are arguments.
_AS_GIVEN = re.compile(
    r",? (?:(?:given|passed|specified|supplied) (?:as|in|by|to) (?:the |an? |its )?(?:arg|param)\w*).*"
)
_SPACE = re.compile(r"\s+")


def first_sentence(description: str, name: str) -> str:
    """The first sentence in lower case on one line, without markup, its own name and its full stop.

    At most MAX_WORDS words and MAX_CHARACTERS, cut where a clause ends; "" where nothing is left that a person types.
    """
    text = _strip_markup(_strip_name(first_paragraph(description[:MAX_READ]), name))
    sentence = _SENTENCE_END.split(text, maxsplit=1)[0]
    sentence = _IDENTIFIER.sub(lambda match: _speak_identifier(match.group()), sentence)
    sentence = _SPACE.sub(" ", sentence).strip(" ,.-/").lower()
    sentence = _ADVERB.sub("", _GIVEN.sub("", sentence))
    if sentence.startswith(BOILERPLATE) or _STATEMENT.search(sentence):
        return ""
    sentence = _shorten(_AS_GIVEN.sub("", sentence))
    if len(sentence.split()) < MIN_WORDS or _NOISE.search(sentence):
        return ""
    return sentence


def _strip_markup(text: str) -> str:
    text = html.unescape(text) if "&" in text else text
    for pattern in (_INLINE, _ROLE):
        text = pattern.sub(r"\1", text)
    text = _BRACKETED.sub("", _LINK.sub(r"\1", _TAG.sub("", text)))
    return _MARKS.sub("", text.replace("`", "")).strip()


def _strip_name(text: str, name: str) -> str:
    """Go's comments begin with the function's name, and so do some of C's habit: "toLower(c) maps ..."."""
    match = _OWN_NAME.match(text)
    if match is None or match["name"] != name:
        return text
    rest = text[match.end() :]
    next_word = rest.partition(" ")[0].lower()
    return rest if match["mark"] or next_word in ("is", "acts") or to_base_form(next_word) else text


def _speak_identifier(word: str) -> str:
    return " ".join(split_identifier(word)) if _INNER_CASE.search(word) else word


def _shorten(sentence: str) -> str:
    """Cut what is too long after a clause, or else before a preposition."""
    if _fits(sentence):
        return sentence
    for pattern in (_CLAUSE, _PREPOSITION):
        heads = [sentence[: match.start()] for match in pattern.finditer(sentence)]
        fitting = [head for head in heads if _fits(head) and len(head.split()) > MIN_WORDS]
        if fitting:
            return _DANGLING.sub("", fitting[-1])
    return ""


def _fits(sentence: str) -> bool:
    return len(sentence.split()) <= MAX_WORDS and len(sentence) <= MAX_CHARACTERS
