"""JavaScript, and what TypeScript shares with it."""

import re
from typing import TYPE_CHECKING

from apps.functions.extraction.comments import read_javadoc
from apps.functions.extraction.spec import FILE, LanguageSpec, Names, Role, field_text, name_from_field, node_text

if TYPE_CHECKING:
    from tree_sitter import Node

_PATH = re.compile(r"[\w$]+(?:\.[\w$#]+)*\Z")
_EXPORTS = re.compile(r"(?:module\.exports|exports|this|self|window|globalThis|root)\.(?=.)")
_WHOLE_EXPORTS = frozenset({"module.exports", "exports"})
_NAME_FIELDS = {
    "variable_declarator": "name",
    "pair": "key",
    "field_definition": "property",
    "public_field_definition": "name",
}
_LEAVES = ("formal_parameters", "import_statement", "string", "template_string", "regex", "export_clause")


def name_of(node: "Node", source: bytes) -> Names:
    """Return the name a definition gives itself; a quoted name goes without its quotes."""
    names = name_from_field(node, source)
    return tuple(unquote(name) for name in names)


def bind(node: "Node", source: bytes) -> Names | None:
    """Return the name that a declarator, assignment, property or export gives to the function in it."""
    if node.type == "export_statement":
        return FILE if node.child_by_field_name("value") else None
    if node.type == "assignment_expression":
        return _bind_assignment(node, source)
    field = _NAME_FIELDS.get(node.type)
    if field is None:
        return None
    target = node.child_by_field_name(field)
    if target is None or target.type in ("object_pattern", "array_pattern"):
        return ()
    return (unquote(field_text(node, field, source)),)


def read_doc(node: "Node", comments: list[str], source: bytes) -> str:
    """Return the JSDoc block right above a definition as plain text."""
    return read_javadoc(comments)


def is_public(names: Names, signature: str) -> bool:
    """An underscore or # in front, or the word private, makes a function private."""
    return not names[-1].startswith(("_", "#")) and not re.match(r"(?:private|protected)\b", signature)


def unquote(name: str) -> str:
    """Return a property's name without the quotes around it."""
    return name[1:-1] if len(name) > 1 and name[0] in "'\"" else name


def _bind_assignment(node: "Node", source: bytes) -> Names:
    """`Foo.prototype.bar` is Foo.bar, `exports.bar` is bar, and `module.exports` is named after the file."""
    left = node.child_by_field_name("left")
    target = node_text(left, source)
    if target in _WHOLE_EXPORTS:
        return FILE
    if not _PATH.match(target):
        last = left.child_by_field_name("property") if left is not None else None
        return (node_text(last, source),) if last is not None else ()
    return tuple(name for name in _EXPORTS.sub("", target, count=1).split(".") if name != "prototype")


ROLES = {
    "comment": Role.COMMENT,
    "decorator": Role.LEAD,
    "function_declaration": Role.FUNCTION,
    "generator_function_declaration": Role.FUNCTION,
    "method_definition": Role.FUNCTION,
    "arrow_function": Role.VALUE,
    "function_expression": Role.VALUE,
    "generator_function": Role.VALUE,
    "class_declaration": Role.SCOPE,
    "class": Role.VALUE_SCOPE,
    "object": Role.VALUE_SCOPE,
    "export_statement": Role.BINDER,
    "lexical_declaration": Role.BINDER,
    "variable_declaration": Role.BINDER,
    "expression_statement": Role.BINDER,
    "variable_declarator": Role.BINDER,
    "assignment_expression": Role.BINDER,
    "pair": Role.BINDER,
    "field_definition": Role.BINDER,
    "parenthesized_expression": Role.PASS,
    "call_expression": Role.CALL,
    "arguments": Role.PASS,
    **dict.fromkeys(_LEAVES, Role.LEAF),
}

SPEC = LanguageSpec(
    grammar=("tree_sitter_javascript", "language"),
    roles=ROLES,
    name_of=name_of,
    read_doc=read_doc,
    bind=bind,
    is_public=is_public,
    blocks=frozenset({"statement_block"}),
    modules=frozenset({"object"}),
    constructors=frozenset({"constructor"}),
    wrappers=((b"class _ {\n", b"\n}"),),
)
