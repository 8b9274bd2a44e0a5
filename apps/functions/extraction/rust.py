"""Rust: functions, and those in impl blocks and traits."""

import re
from typing import TYPE_CHECKING

from apps.functions.extraction.comments import read_rust_doc
from apps.functions.extraction.spec import LanguageSpec, Names, Role, field_text, name_from_field

if TYPE_CHECKING:
    from tree_sitter import Node

_LEAVES = (
    *("parameters", "use_declaration", "macro_invocation", "macro_definition", "token_tree", "struct_item"),
    *("enum_item", "type_item", "string_literal", "inner_attribute_item"),
)
_GENERIC = re.compile(r"<.*", re.DOTALL)
_PATH = re.compile(r"\A(?:\w+::)+")


def name_of(node: "Node", source: bytes) -> Names:
    """Return an item's name; an impl block has its type's, and its trait's when it is for one."""
    if node.type != "impl_item":
        return name_from_field(node, source)
    kind = field_text(node, "type", source)
    trait = _PATH.sub("", field_text(node, "trait", source))
    kind = _GENERIC.sub("", kind) if not kind.startswith("<") else kind
    return (kind, trait) if trait else (kind,)


def read_doc(node: "Node", comments: list[str], source: bytes) -> str:
    """Return the /// lines right above an item."""
    return read_rust_doc(comments)


SPEC = LanguageSpec(
    grammar=("tree_sitter_rust", "language"),
    roles={
        "line_comment": Role.COMMENT,
        "block_comment": Role.COMMENT,
        "attribute_item": Role.LEAD,
        "function_item": Role.FUNCTION,
        "function_signature_item": Role.FUNCTION,
        "impl_item": Role.SCOPE,
        "trait_item": Role.SCOPE,
        "mod_item": Role.SCOPE,
        **dict.fromkeys(_LEAVES, Role.LEAF),
    },
    name_of=name_of,
    read_doc=read_doc,
    is_public=lambda names, signature: signature.startswith("pub"),
    modules=frozenset({"mod_item"}),
    header_noise=re.compile(r"//|/\*|#"),
    test_mark=re.compile(r"#\[(?:[\w:]*\btest|bench|cfg\(test\))\s*[\](]"),
    test_scopes=frozenset({"tests", "test"}),
)
