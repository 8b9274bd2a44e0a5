"""Java: methods and constructors, with Javadoc."""

import re
from typing import TYPE_CHECKING

from apps.functions.extraction.comments import read_javadoc
from apps.functions.extraction.spec import LanguageSpec, Names, Role, field_text, name_from_field

if TYPE_CHECKING:
    from tree_sitter import Node

_LEAVES = (
    *("formal_parameters", "import_declaration", "package_declaration", "string_literal", "superclass", "throws"),
    *("modifiers", "type_parameters", "generic_type", "type_arguments", "super_interfaces", "field_access"),
    *("scoped_identifier", "scoped_type_identifier", "array_type", "dimensions"),
)
_GENERIC = re.compile(r"<.*", re.DOTALL)


def name_of(node: "Node", source: bytes) -> Names:
    """Return a declaration's name; an anonymous class has the name of what it makes."""
    if node.type == "object_creation_expression":
        made = _GENERIC.sub("", field_text(node, "type", source))
        return (made,) if any(child.type == "class_body" for child in node.named_children) else ()
    return name_from_field(node, source)


def read_doc(node: "Node", comments: list[str], source: bytes) -> str:
    """Return the Javadoc right above a definition as plain text."""
    return read_javadoc(comments, unescape=True)


SPEC = LanguageSpec(
    grammar=("tree_sitter_java", "language"),
    roles={
        "line_comment": Role.COMMENT,
        "block_comment": Role.COMMENT,
        "annotation": Role.LEAD,
        "marker_annotation": Role.LEAD,
        "method_declaration": Role.FUNCTION,
        "constructor_declaration": Role.FUNCTION,
        "compact_constructor_declaration": Role.FUNCTION,
        "class_declaration": Role.SCOPE,
        "interface_declaration": Role.SCOPE,
        "enum_declaration": Role.SCOPE,
        "record_declaration": Role.SCOPE,
        "annotation_type_declaration": Role.SCOPE,
        "enum_constant": Role.SCOPE,
        "object_creation_expression": Role.SCOPE,
        **dict.fromkeys(_LEAVES, Role.LEAF),
    },
    name_of=name_of,
    read_doc=read_doc,
    is_public=lambda names, signature: not re.match(r"(?:\w+ )*?private\b", signature),
    blocks=frozenset({"block", "constructor_body"}),
    constructors=frozenset({"constructor_declaration", "compact_constructor_declaration"}),
    test_mark=re.compile(r"@(?:Test|ParameterizedTest|RepeatedTest)\b"),
    wrappers=((b"class _ {\n", b"\n}"),),
)
