"""TypeScript and TSX: JavaScript with declarations that have no body, and with namespaces."""

from dataclasses import replace

from apps.functions.extraction.javascript import ROLES
from apps.functions.extraction.javascript import SPEC as JAVASCRIPT
from apps.functions.extraction.spec import Role

_LEAVES = ("interface_declaration", "type_alias_declaration", "type_annotation", "type_arguments", "enum_declaration")

SPEC = replace(
    JAVASCRIPT,
    grammar=("tree_sitter_typescript", "language_typescript"),
    roles={
        **ROLES,
        "function_signature": Role.FUNCTION,
        "method_signature": Role.FUNCTION,
        "abstract_method_signature": Role.FUNCTION,
        "abstract_class_declaration": Role.SCOPE,
        "internal_module": Role.SCOPE,
        "module": Role.SCOPE,
        "public_field_definition": Role.BINDER,
        "ambient_declaration": Role.BINDER,
        "as_expression": Role.PASS,
        "satisfies_expression": Role.PASS,
        **dict.fromkeys(_LEAVES, Role.LEAF),
    },
    modules=frozenset({"object", "internal_module", "module"}),
)

TSX_SPEC = replace(SPEC, grammar=("tree_sitter_typescript", "language_tsx"))
