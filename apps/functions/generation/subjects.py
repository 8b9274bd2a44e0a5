"""What cases are made from and of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MIN_LETTERS = 3

_TEST_NAME = re.compile(r"_*[tT]ests?(?:_.*|[A-Z].*)?")
_TEST_PATH = re.compile(
    r"(?:^|/)(?:(?:tests?|__tests__|testdata)/|test_[^/:]*\.py|[^/:]*_test\.(?:py|go)|[^/:]*\.(?:test|spec)\.)"
)
# What every program or class has, so that nobody asks for it by name.
_COMMONPLACE = frozenset({"main", "constructor", "init", "new", "anonymous", "setup", "teardown", "lambda", "default"})


@dataclass(frozen=True, slots=True)
class Subject:
    """A function of the catalogue. `key` is "library/external_id"; `description` may be of any length, all but `key`,
    `name` and `language` may be empty."""

    key: str
    name: str
    language: str
    qualified_name: str = ""
    description: str = ""
    signature: str = ""
    keywords: tuple[str, ...] = ()
    action: str = ""
    data_type: str = ""

    @property
    def library(self) -> str:
        return self.key.partition("/")[0]

    @property
    def full_name(self) -> str:
        return self.qualified_name or self.name


@dataclass(frozen=True, slots=True)
class GeneratedCase:
    """A query with all its right answers.

    `expected` are keys of subjects, sorted. `group` is the key of the one it was made from, `made_by` the kind;
    `external_id` is the same whenever the same kind makes the same query. `tags` are the kind and the language.
    """

    external_id: str
    query: str
    expected: tuple[str, ...]
    tags: tuple[str, ...]
    group: str
    made_by: str
    filters: Mapping[str, str] = field(default_factory=dict)


def is_looked_up(subject: Subject) -> bool:
    """Whether a person would look for it: not for tests, protocol methods, private parts without a word about them."""
    name = subject.name
    if sum(map(str.isalpha, name)) < MIN_LETTERS or name.strip("_").lower() in _COMMONPLACE:
        return False
    if name.startswith("__") and name.endswith("__"):
        return False
    if _TEST_NAME.fullmatch(name) or _TEST_PATH.search(subject.key.partition("::")[0]):
        return False
    return bool(subject.description.strip()) or not name.startswith(("_", "#"))
