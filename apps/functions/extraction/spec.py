"""What the walker must know about a language; the modules beside this one hold one LanguageSpec each."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from apps.functions.extraction.results import SkipReason

if TYPE_CHECKING:
    from tree_sitter import Node

Names = tuple[str, ...]

# What a binder gives that names its function after the file: `module.exports = function () {}`.
FILE: Names = ("",)


class Role(Enum):
    """What a node type means to the walker; a type without a role is only looked into."""

    COMMENT = auto()
    LEAD = auto()  # a decorator, attribute or annotation: belongs to the definition that follows
    FUNCTION = auto()  # a definition with a name of its own
    VALUE = auto()  # a function expression, named by what it is bound to
    SCOPE = auto()  # a class, module, trait: gives its name to what is inside
    VALUE_SCOPE = auto()  # a class expression or object literal, named by what it is bound to
    BINDER = auto()  # gives a name, or only its place, to what is inside: an assignment, an export statement
    PASS = auto()  # between a binder and its value: parentheses
    CALL = auto()  # takes the function and gives the bound value: a name only for what is documented
    LEAF = auto()  # never looked into, for speed


@dataclass(frozen=True, slots=True)
class LanguageSpec:
    """How one language is read.

    `grammar` is the module and function that give the tree-sitter language. `name_of` gives the names of a FUNCTION or
    SCOPE, outermost first; `bind` those that a BINDER gives, None when it gives none. `read_doc` gets the definition's
    node, the comments right above it, and the source. `stub_of` tells why a body is none. `blocks` are the types of
    bodies in braces, `modules` scopes that are no classes, `constructors` the types or names of those. `header_noise`
    is in signatures that hold comments or annotations, `header_end` closes one, and `test_mark` is in the decorators of
    tests. `wrappers` are put around a piece of code that stands alone, where the grammar takes it only in something.
    """

    grammar: tuple[str, str]
    roles: Mapping[str, Role]
    name_of: Callable[["Node", bytes], Names]
    read_doc: Callable[["Node", list[str], bytes], str]
    bind: Callable[["Node", bytes], Names | None] = lambda node, source: None
    is_public: Callable[[Names, str], bool] = lambda names, signature: True
    stub_of: Callable[["Node", bytes], SkipReason | None] = lambda body, source: None
    blocks: frozenset[str] = frozenset({"block"})
    modules: frozenset[str] = frozenset()
    constructors: frozenset[str] = frozenset()
    header_noise: re.Pattern[str] = re.compile(r"//|/\*|@")
    header_end: re.Pattern[str] = re.compile(r"\s*(?:[{:]|=>)?\s*\Z")
    test_mark: re.Pattern[str] | None = None
    test_scopes: frozenset[str] = frozenset()
    wrappers: tuple[tuple[bytes, bytes], ...] = ()


def node_text(node: "Node | None", source: bytes) -> str:
    """Return a node's text, or "" for no node; `source` is UTF-8."""
    return "" if node is None else source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def field_text(node: "Node", name: str, source: bytes) -> str:
    """Return the text of a node's field with white space collapsed, or ""."""
    return " ".join(node_text(node.child_by_field_name(name), source).split())


def name_from_field(node: "Node", source: bytes) -> Names:
    """Return the name in the field that most grammars call `name`."""
    name = field_text(node, "name", source)
    return (name,) if name else ()
