"""What a function is asked for: a verb and what it is done to, from the description or from the name."""

import re
from dataclasses import dataclass, replace

from apps.functions.generation.inflection import to_base_form, to_third_person
from apps.functions.generation.sentences import first_sentence
from apps.functions.generation.spellings import owner_of, words_of_name
from apps.functions.generation.subjects import Subject
from apps.functions.generation.vocabulary import AMBIGUOUS, VERBS

MAX_REQUEST = 9
"""Words of a description that people put into a question; a longer one is typed or pasted as it is."""

MAX_NAMED = 5
"""Words of a name and its owner that people type together."""

_DETERMINER = re.compile(
    r"(?:the|an?|all|any|each|every|this|these|its|one|two|some|whether|if|from|into|to|for|with)\b"
)
_TRUTH = re.compile(r"return(?: the)?(?: boolean)? (?:(?:true|1|ok|non-zero) (?:if|when|iff)|whether(?: or not)?|if) ")
_ARTICLE = re.compile(r"^(?:the|an?|its|this) ")
_LATER_VERB = re.compile(r"(?:(?<= and )|(?<= then )|(?<= or ))\w+s\b")
_TAIL = re.compile(r"(?:,? (?:otherwise|else)\b.*|, or .*|, (?:and )?(?:false|none|null).*)$")


@dataclass(frozen=True, slots=True)
class Request:
    """`verb` in its plain form, "" for a mere thing; `what` is the rest of the phrase.

    `answer` says that the function returns `what`, which is therefore asked for by "get"; `own` that the verb is the
    function's own word.
    """

    verb: str
    what: str
    answer: bool = False
    own: bool = True

    @property
    def said(self) -> str:
        """The words of it that the function has itself."""
        return self.text if self.own else self.what

    @property
    def text(self) -> str:
        return f"{self.verb} {self.what}".strip()

    @property
    def asked(self) -> str:
        """As it follows "how do I"."""
        return f"get {self.what}" if self.answer else self.text

    @property
    def told(self) -> str:
        """As it follows "function that"."""
        return f"returns {self.what}" if self.answer else f"{to_third_person(self.verb)} {self.what}"

    @property
    def is_action(self) -> bool:
        return bool(self.verb) or self.answer


def request_of_description(subject: Subject) -> Request | None:
    """What the description's first sentence says the function does; None where it does not say so."""
    sentence = first_sentence(subject.description, subject.name)
    if not sentence:
        return None
    first, _, rest = sentence.partition(" ")
    verb = to_base_form(first)
    if verb is None or (first in AMBIGUOUS and not _DETERMINER.match(rest)):
        return Request("", sentence)
    plain = f"{verb} {_LATER_VERB.sub(_to_plain, rest)}"
    truth = _TRUTH.match(plain)
    if truth:
        return Request("check", f"if {_TAIL.sub('', plain[truth.end() :])}", own=False)
    if verb == "return":
        what = _TAIL.sub("", plain.partition(" ")[2])
        return Request("", what, answer=True) if len(what.split()) > 1 else None
    return Request(verb, plain.partition(" ")[2])


def request_of_name(subject: Subject) -> Request | None:
    """What the name says in several words of which the first is what is done."""
    words = words_of_name(subject.name)
    if len(words) < 2 or words[0] not in VERBS or words[0] in AMBIGUOUS or any(len(word) < 2 for word in words):
        return None
    return Request(words[0], " ".join(words[1:]))


def request_of_owner(subject: Subject) -> Request | None:
    """What the name says is done, to what the class or type is: `UserList.pop` asks to pop a user list."""
    words, owner = words_of_name(subject.name), words_of_name(owner_of(subject.full_name, subject.language))
    if not owner or not words or words[0] not in VERBS or any(len(word) < 2 for word in words):
        return None
    if len(words) + len(owner) > MAX_NAMED or not set(owner).isdisjoint(words):
        return None
    article = "an" if owner[0][0] in "aeio" else "a"
    return Request(words[0], " ".join((*words[1:], *(["of"] if words[1:] else []), article, *owner)))


def request_of_fields(subject: Subject) -> Request | None:
    """The action and the data type that a curator gave it."""
    if not subject.action or not subject.data_type:
        return None
    return Request(" ".join(words_of_name(subject.action)), " ".join(words_of_name(subject.data_type)))


def drop_articles(text: str) -> str:
    return " ".join(word for word in text.split() if word not in ("the", "a", "an"))


def shorten(request: Request) -> Request:
    """The request in telegraphic style: "pop user list"."""
    return replace(request, what=" ".join(word for word in drop_articles(request.what).split() if word != "of"))


def _to_plain(match: re.Match[str]) -> str:
    """A later verb in its plain form; what may be a plural as well, only where something is done to something."""
    word, rest = match.group(), match.string[match.end() :].lstrip()
    base = to_base_form(word)
    return base if base and (base not in AMBIGUOUS or _DETERMINER.match(rest)) else word
