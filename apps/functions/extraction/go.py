"""Go: functions and methods, the receiver's type before the name."""

import re
from typing import TYPE_CHECKING

from apps.functions.extraction.comments import read_go_doc
from apps.functions.extraction.spec import LanguageSpec, Names, Role, field_text, name_from_field

if TYPE_CHECKING:
    from tree_sitter import Node

_RECEIVER = re.compile(r"\(\s*(?:\w+\s+)?\**\s*(\w+(?:\.\w+)?)")
_LEAVES = ("parameter_list", "import_declaration", "const_declaration", "type_declaration")


def name_of(node: "Node", source: bytes) -> Names:
    """Return Receiver and name for a method, the name for a function."""
    receiver = _RECEIVER.match(field_text(node, "receiver", source))
    names = name_from_field(node, source)
    return (receiver[1], *names) if receiver and names else names


def bind(node: "Node", source: bytes) -> Names | None:
    """Return the variable that a function literal is given to."""
    return name_from_field(node, source) if node.type == "var_spec" else None


def read_doc(node: "Node", comments: list[str], source: bytes) -> str:
    """Return the comment right above a declaration."""
    return read_go_doc(comments)


SPEC = LanguageSpec(
    grammar=("tree_sitter_go", "language"),
    roles={
        "comment": Role.COMMENT,
        "function_declaration": Role.FUNCTION,
        "method_declaration": Role.FUNCTION,
        "func_literal": Role.VALUE,
        "var_declaration": Role.BINDER,
        "var_spec": Role.BINDER,
        "expression_list": Role.PASS,
        # What a function body declares has no name that outlives it.
        "block": Role.LEAF,
        **dict.fromkeys(_LEAVES, Role.LEAF),
    },
    name_of=name_of,
    read_doc=read_doc,
    bind=bind,
    is_public=lambda names, signature: names[-1][:1].isupper(),
    wrappers=((b"package _\n", b"\n"),),
)
