import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.extraction import SkipReason, extract_functions, extract_main_function
from apps.functions.languages import LANGUAGES
from apps.functions.records import LIMITS
from tests.functions.extraction.support import ENDINGS, extract, names, reasons

pytestmark = pytest.mark.unit

ONE_FUNCTION = {
    "python": "def f(a):\n    return a + 1\n",
    "javascript": "function f(a) { return a + 1 }\n",
    "typescript": "function f(a: number) { return a + 1 }\n",
    "java": "class A {\n  int f(int a) { return a + 1; }\n}\n",
    "go": "package p\n\nfunc f(a int) int { return a + 1 }\n",
    "rust": "fn f(a: i32) -> i32 { a + 1 }\n",
    "csharp": "class A {\n  int f(int a) { return a + 1; }\n}\n",
}
WORDS = [
    *("def", "class", "function", "fn", "func", "impl", "pub", "void", "int", "f", "A", "a", "1", "return", "async"),
    *(
        "static",
        "export",
        "const",
        "new",
        "interface",
        "trait",
        "struct",
        "lambda",
        "if",
        "else",
        *"(){}[]<>;:,.=+*&|!?#@",
    ),
    *("=>", "->", '"', "'", "`", "$", "/", "//", "/*", "*/", "/**", "///", "\\", "\n", "\t"),
]


@pytest.mark.parametrize("language", LANGUAGES)
class TestEveryLanguage:
    def test_finds_a_function(self, language):
        found = extract(language, ONE_FUNCTION[language])
        assert [function.name for function in found.functions] == ["f"]
        assert (found.errors, found.skipped) == (0, ())

    def test_windows_line_ends_change_nothing(self, language):
        plain = extract_functions(ONE_FUNCTION[language].encode(), language, "x")
        assert extract_functions(ONE_FUNCTION[language].replace("\n", "\r\n").encode(), language, "x") == plain
        assert extract_functions(b"\xef\xbb\xbf" + ONE_FUNCTION[language].encode(), language, "x") == plain

    def test_what_parses_is_found_around_what_does_not(self, language):
        broken = ONE_FUNCTION[language] + "\n)) ] oops ((\n"
        found = extract_functions(broken.encode(), language, "x")
        assert [function.name for function in found.functions] == ["f"]
        assert found.errors > 0

    @pytest.mark.parametrize("source", [b"", b"\n", b"\xff\xfe", b"\xef\xbb\xbf", b"(", b'"'])
    def test_next_to_nothing_is_nothing(self, language, source):
        assert extract_functions(source, language, "x").functions == ()

    def test_a_binary_file_is_skipped_whole(self, language):
        found = extract_functions(b"\x7fELF\0\0\0\1", language, ENDINGS[language])
        assert [(skipped.path, skipped.reason) for skipped in found.skipped] == [
            (ENDINGS[language], SkipReason.FILE_BINARY)
        ]

    def test_names_are_kept_within_the_limits_of_a_record(self, language):
        source = ONE_FUNCTION[language].replace("f(", "f" * 301 + "(")
        assert reasons(extract(language, source)) == [(source[: source.index("fff")].count("\n") + 1, "UNNAMED")]

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=400))
    def test_any_bytes_are_survived(self, language, source):
        extract_functions(source, language, ENDINGS[language])

    @settings(max_examples=120, deadline=None)
    @given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))
    def test_anything_like_code_is_survived(self, language, source):
        found = extract_functions(source.encode(), language, ENDINGS[language])
        for function in found.functions:
            assert function.name
            assert 1 <= function.line <= function.end_line <= source.count("\n") + 1
            assert "\n" not in function.signature
            assert len(function.signature) <= LIMITS["signature"]


def test_a_function_beyond_the_limit_of_a_record_is_left_out():
    body = "    x = 1\n" * 110_000
    assert reasons(extract("python", f"def f():\n{body}")) == [(1, "TOO_LONG")]


def test_a_long_signature_is_cut():
    arguments = ",\n".join(f"argument_{number}" for number in range(300))
    (function,) = extract("python", f"def f({arguments}):\n    return 1 + 1\n").functions
    assert len(function.signature) == LIMITS["signature"]
    assert function.signature.endswith("…")


def test_functions_in_functions_cannot_multiply_the_size_of_a_file():
    lines = [" " * depth + f"def f{depth}():\n{' ' * (depth + 1)}'Doc.'" for depth in range(200)]
    found = extract("python", "\n".join(lines) + "\n" + " " * 201 + "return 1 + 1\n")
    assert names(found) == ["f0", "f0.f1", "f0.f1.f2"]


class TestPiecesOfCode:
    @pytest.mark.parametrize(
        ("language", "code", "signature"),
        [
            ("python", "def f(a):\n    return a", "def f(a)"),
            ("javascript", "const f = a => a", "const f = a"),
            ("javascript", "f(a) { return a }", "f(a)"),
            ("typescript", "private f(a: A): B { return a }", "private f(a: A): B"),
            ("java", "public int f(int a) { return a; }", "public int f(int a)"),
            ("go", "func f(a int) int { return a }", "func f(a int) int"),
            ("rust", "pub fn f(&self) -> A { self.a }", "pub fn f(&self) -> A"),
            ("csharp", "public int F(int a) => a;", "public int F(int a)"),
        ],
    )
    def test_a_function_that_stands_alone_is_read(self, language, code, signature):
        found = extract_main_function(code, language, "f")
        assert found is not None
        assert found.signature == signature

    def test_the_one_of_the_name_is_taken(self):
        code = "def a(): return 1 + 1\ndef b(x): return 2 + 2\n"
        assert [extract_main_function(code, "python", name).name for name in ("b", "A.b", "c")] == ["b", "b", "a"]

    @pytest.mark.parametrize("code", ["", "x = 1", "\0", "((((" * 1_000])
    def test_none_when_there_is_no_function(self, code):
        assert extract_main_function(code, "python", "f") is None


def test_no_grammar_is_loaded_before_it_is_needed():
    program = (
        "import sys, apps.functions.sources, apps.functions.extraction;"
        "sys.exit(any(name.startswith('tree_sitter') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
