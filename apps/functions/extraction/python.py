"""Python: functions, methods, docstrings."""

import re
from typing import TYPE_CHECKING

from apps.functions.extraction.comments import MAX_RAW, tidy
from apps.functions.extraction.results import SkipReason
from apps.functions.extraction.spec import LanguageSpec, Names, Role, name_from_field, node_text

if TYPE_CHECKING:
    from tree_sitter import Node

_STRING = re.compile(r"""([A-Za-z]{0,2})(\"{3}|'{3}|"|')(.*)\2\Z""", re.DOTALL)
_ESCAPE = re.compile(r"\\(\n|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\\'\"abfnrtv])")
_ESCAPED = {"\n": "", "a": "", "b": "", "f": "", "n": "\n", "r": "\n", "t": "\t", "v": ""}
_DUNDER = re.compile(r"__\w+__\Z")
_PASSIVE = frozenset({"comment", "pass_statement"})
_LEAVES = (
    *("expression_statement", "return_statement", "raise_statement", "assert_statement", "delete_statement"),
    *("import_statement", "import_from_statement", "future_import_statement", "global_statement"),
    *("nonlocal_statement", "parameters", "type", "argument_list", "call", "string", "lambda", "with_clause"),
)


def read_docstring(node: "Node", comments: list[str], source: bytes) -> str:
    """Return a function's docstring as inspect.cleandoc would, or ""; comments above a function are none."""
    body = node.child_by_field_name("body")
    first = next((child for child in body.named_children if child.type != "comment"), None) if body else None
    if first is None or first.type != "expression_statement" or first.named_child_count != 1:
        return ""
    value = first.named_children[0]
    strings = value.named_children if value.type == "concatenated_string" else [value]
    return tidy("".join(_read_string(node_text(string, source)[:MAX_RAW]) for string in strings))


def find_stub(body: "Node", source: bytes) -> SkipReason | None:
    """Tell whether a body does nothing: pass, ..., a docstring alone, or raising NotImplementedError."""
    statements = [child for child in body.named_children if child.type not in _PASSIVE and not _is_constant(child)]
    if not statements:
        return SkipReason.EMPTY
    if len(statements) == 1 and statements[0].type == "raise_statement":
        raised = node_text(statements[0], source).removeprefix("raise").lstrip()
        return SkipReason.ABSTRACT if raised.startswith("NotImplementedError") else None
    return None


def is_public(names: Names, signature: str) -> bool:
    """A leading underscore makes a function, or what it is in, private; dunder methods are not."""
    return not any(name.startswith("_") and not _DUNDER.match(name) for name in names)


def _is_constant(node: "Node") -> bool:
    if node.type != "expression_statement" or node.named_child_count != 1:
        return False
    return node.named_children[0].type in ("string", "concatenated_string", "ellipsis")


def _read_string(literal: str) -> str:
    match = _STRING.match(literal)
    if match is None or "b" in match[1].lower() or "f" in match[1].lower():
        return ""
    if "r" in match[1].lower():
        return match[3]
    return _ESCAPE.sub(_read_escape, match[3])


def _read_escape(escape: re.Match[str]) -> str:
    text = escape[1]
    return chr(int(text[1:], 16)) if len(text) > 1 else _ESCAPED.get(text, text)


SPEC = LanguageSpec(
    grammar=("tree_sitter_python", "language"),
    roles={
        "comment": Role.COMMENT,
        "decorator": Role.LEAD,
        "decorated_definition": Role.BINDER,
        "function_definition": Role.FUNCTION,
        "class_definition": Role.SCOPE,
        **dict.fromkeys(_LEAVES, Role.LEAF),
    },
    name_of=name_from_field,
    read_doc=read_docstring,
    is_public=is_public,
    stub_of=find_stub,
    constructors=frozenset({"__init__", "__new__"}),
    header_noise=re.compile("#"),
    test_mark=None,
)
