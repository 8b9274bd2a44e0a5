import pytest

from tests.functions.extraction.support import extract, names, only, reasons

pytestmark = pytest.mark.unit


def test_overloads_count_once_with_the_first_ones_documentation():
    found = extract(
        "typescript",
        """
        /** Does f. */
        export function f(a: string): string;
        export function f(a: number): number;
        export function f(a: any) { return go(a) }
        """,
    )
    function = only(found)
    assert (function.name, function.doc, function.line) == ("f", "Does f.", 4)
    assert function.signature == "export function f(a: any)"
    assert reasons(found) == [(2, "NO_BODY"), (3, "NO_BODY")]


def test_declarations_without_a_body_are_left_out():
    found = extract(
        "typescript",
        """
        declare function ambient(x: number): void
        abstract class A { abstract m(): void; over(a: string): void; over(a: any) { go() } }
        interface I { a(): void; b: () => void }
        type T = { c(): void }
        """,
    )
    assert names(found) == ["A.over"]
    assert [reason for _, reason in reasons(found)] == ["NO_BODY"] * 3


@pytest.mark.parametrize(
    ("source", "name", "signature"),
    [
        ("const f = <T,>(x: T): T => go(x)", "f", "const f = <T,>(x: T): T"),
        ("export const f = ((a) => go(a)) as Foo", "f", "export const f = ((a)"),
        ("namespace N.M { export function f() { go() } }", "N.M.f", "export function f()"),
        ("class A { private f = (y: number): number => go(y) }", "A.f", "private f = (y: number): number"),
        (
            "class A { constructor(private readonly b: B) { go() } }",
            "A.constructor",
            "constructor(private readonly b: B)",
        ),
    ],
)
def test_names_and_signatures(source, name, signature):
    function = only(extract("typescript", source))
    assert (function.qualified_name, function.signature) == (name, signature)


def test_decorators_go_with_the_code_and_not_the_signature():
    source = "class A {\n  /** Doc. */\n  @Get('x')\n  find(@Query() q: string): void { go() }\n}\n"
    function = only(extract("typescript", source))
    assert function.signature == "find(q: string): void"
    assert function.code == "@Get('x')\nfind(@Query() q: string): void { go() }"
    assert (function.doc, function.line) == ("Doc.", 4)


def test_private_and_protected_are_not_public():
    found = extract("typescript", "class A { private a() { go() } protected b() { go() } public c() { go() } }")
    assert [function.is_public for function in found.functions] == [False, False, True]


def test_tsx_has_a_grammar_of_its_own():
    source = "export const A: FC<P> = ({ b }) => <B<T> c={() => go()}>{b}</B>"
    found = extract("typescript", source, "A.tsx")
    assert names(found) == ["A"]
    assert found.errors == 0
    assert extract("typescript", "const f = <T>x", "a.ts").errors == 0
