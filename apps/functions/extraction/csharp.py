"""C#: methods, constructors, operators and local functions, with XML doc comments."""

import re
from typing import TYPE_CHECKING

from apps.functions.extraction.comments import read_xml_doc
from apps.functions.extraction.spec import LanguageSpec, Names, Role, name_from_field, node_text

if TYPE_CHECKING:
    from tree_sitter import Node

_OPERATOR = re.compile(r"\boperator\s*(?:checked\s+)?([^\s(\w]{1,4}|true|false)")
_VISIBLE = re.compile(r"\b(?:public|protected|internal)\b")
_LEAVES = ("parameter_list", "using_directive", "base_list", "string_literal", "interpolated_string_expression")


def name_of(node: "Node", source: bytes) -> Names:
    """Return a declaration's name; an operator is named by its sign."""
    if node.type == "operator_declaration":
        sign = _OPERATOR.search(node_text(node, source)[:500])
        return (f"operator {sign[1]}",) if sign else ()
    return name_from_field(node, source)


def read_doc(node: "Node", comments: list[str], source: bytes) -> str:
    """Return the XML doc comment right above a definition as plain text."""
    return read_xml_doc(comments)


SPEC = LanguageSpec(
    grammar=("tree_sitter_c_sharp", "language"),
    roles={
        "comment": Role.COMMENT,
        "attribute_list": Role.LEAD,
        "method_declaration": Role.FUNCTION,
        "constructor_declaration": Role.FUNCTION,
        "operator_declaration": Role.FUNCTION,
        "local_function_statement": Role.FUNCTION,
        "class_declaration": Role.SCOPE,
        "interface_declaration": Role.SCOPE,
        "struct_declaration": Role.SCOPE,
        "record_declaration": Role.SCOPE,
        **dict.fromkeys(_LEAVES, Role.LEAF),
    },
    name_of=name_of,
    read_doc=read_doc,
    is_public=lambda names, signature: bool(_VISIBLE.search(signature)),
    constructors=frozenset({"constructor_declaration"}),
    header_noise=re.compile(r"//|/\*|\["),
    test_mark=re.compile(r"\[(?:Test|TestCase|TestMethod|Fact|Theory)\b"),
    wrappers=((b"class _ {\n", b"\n}"),),
)
