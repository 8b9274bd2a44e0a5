import ast
import inspect

import pytest

from tests.functions.extraction.support import extract, names, only, reasons

pytestmark = pytest.mark.unit


def test_a_function_with_everything():
    found = only(
        extract(
            "python",
            '''
            import os

            class Shape:
                # A comment is no documentation.
                @property
                @cached(1)
                def area(
                    self, unit: str = "m",  # metres
                    *rest,
                ) -> float:
                    """Return the area.

                    Of width
                        by height.
                    """
                    return self.width * self.height
            ''',
        )
    )
    assert (found.name, found.qualified_name, found.kind) == ("area", "Shape.area", "method")
    assert found.signature == 'def area(self, unit: str = "m", *rest) -> float'
    assert found.doc == "Return the area.\n\nOf width\n    by height."
    assert found.code.startswith("@property\n@cached(1)\ndef area(\n    self,")
    assert found.code.endswith("    return self.width * self.height")
    assert (found.path, found.line, found.end_line) == ("mod.py", 7, 16)
    assert found.is_public


def test_names_say_what_a_function_is_in():
    source = """
        async def fetch(url): return await get(url) + 1
        class Outer:
            def __init__(self): self.a = 1; self.b = 2
            class Inner:
                def deep(self): return 1 + 1
        if WINDOWS:
            def here(): return 1 + 1
        else:
            def here(): return 2 + 2
        """
    found = extract("python", source)
    assert names(found) == ["fetch", "Outer.__init__", "Outer.Inner.deep", "here", "here"]
    assert [function.kind for function in found.functions] == [
        "function",
        "constructor",
        "method",
        "function",
        "function",
    ]


def test_what_does_nothing_is_left_out():
    found = extract(
        "python",
        '''
        def a(): pass
        def b(): ...
        def c():
            """Documented, and does nothing."""
        def d():
            """Abstract."""
            raise NotImplementedError("soon")
        def e(self): return self._e
        def f(self, f): self.f = f
        def g(self):
            """Documented accessors stay."""
            return self._g
        def h(x):
            raise ValueError(x)
        ''',
    )
    assert names(found) == ["g", "h"]
    assert reasons(found) == [
        (1, "EMPTY"),
        (2, "EMPTY"),
        (3, "EMPTY"),
        (5, "ABSTRACT"),
        (8, "ACCESSOR"),
        (9, "ACCESSOR"),
    ]


def test_inner_functions_are_kept_when_documented():
    found = extract(
        "python",
        """
        def outer():
            def helper(): return 1 + 1
            def kept():
                "Does it."
                def deeper():
                    "Three deep."
                    def deepest():
                        "Not looked for."
                        return 1 + 1
                    return 1 + 1
                return 1 + 1
            return helper
        """,
    )
    assert names(found) == ["outer", "outer.kept", "outer.kept.deeper"]
    assert reasons(found) == [(2, "NESTED")]


@pytest.mark.parametrize(
    "literal",
    [
        "'plain'",
        '"""Tri\n      ple.\n    """',
        r'r"""Raw \n."""',
        r'"tab\tnewline\nquote\" back\\ \x41 \u00e9"',
        '"one " "two"',
        'u"unicode"',
    ],
)
def test_docstrings_are_read_as_python_reads_them(literal):
    source = f"def f(x):\n    {literal}\n    return x + 1\n"
    expected = ast.get_docstring(ast.parse(source).body[0])
    assert only(extract("python", source)).doc == inspect.cleandoc(expected or "")


@pytest.mark.parametrize("literal", ['b"bytes"', 'f"{x}"', "1", "x"])
def test_other_expressions_are_no_docstring(literal):
    assert only(extract("python", f"def f(x):\n    {literal}\n    return x + 1\n")).doc == ""


@pytest.mark.parametrize(
    ("name", "is_public"), [("f", True), ("_f", False), ("__call__", True), ("__f", False), ("f_", True)]
)
def test_an_underscore_makes_private(name, is_public):
    assert only(extract("python", f"class A:\n    def {name}(self): return 1 + 1\n")).is_public is is_public


def test_lines_of_a_string_stay_where_they_are():
    code = only(
        extract("python", 'class A:\n    def f(self):\n        x = """\nleft\n"""\n        return x + x\n')
    ).code
    assert code == 'def f(self):\n    x = """\nleft\n"""\n    return x + x'
    ast.parse(code)


def test_python_2_gives_what_parses():
    found = extract("python", "def ok(x):\n    return x + 1\n\ndef old(x):\n    print 'a' % x\n    exec 'y' in {}\n")
    assert names(found) == ["ok", "old"]
