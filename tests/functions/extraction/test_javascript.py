import pytest

from tests.functions.extraction.support import extract, names, only, reasons

pytestmark = pytest.mark.unit


def test_a_function_with_everything():
    found = only(
        extract(
            "javascript",
            """
            import x from 'x';

            /**
             * Splits an array into groups the length of `size`.
             *
             * @static
             * @since 3.0.0
             * @param {Array<{a: number}>} array The array to process.
             * @param {number} [size=1] - The length of each {@link Chunk chunk}.
             * @returns {Array} Returns the new array.
             * @example
             *
             * chunk([1, 2], 1);
             */
            export function chunk(array, /* optional */ size) {
              return array.slice(0, size);
            }
            """,
        )
    )
    assert (found.name, found.kind, found.line, found.end_line) == ("chunk", "function", 15, 17)
    assert found.signature == "export function chunk(array, size)"
    assert found.doc == (
        "Splits an array into groups the length of `size`.\n\n"
        "array: The array to process.\nsize: The length of each chunk.\nReturns the new array."
    )
    assert found.code == "export function chunk(array, /* optional */ size) {\n  return array.slice(0, size);\n}"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("function f(a) { go() }", "f"),
        ("function* f(a) { go() }", "f"),
        ("async function f(a) { go() }", "f"),
        ("const f = (a) => go(a)", "f"),
        ("let f = async a => { go() }", "f"),
        ("var f = function inner(a) { go() }", "f"),
        ("export const f = function* () { go() }", "f"),
        ("const f = (function () { go() })", "f"),
        ("exports.f = () => go()", "f"),
        ("module.exports.f = () => go()", "f"),
        ("a.b.f = function () { go() }", "a.b.f"),
        ("A.prototype.f = function () { go() }", "A.f"),
        ("get().f = function () { go() }", "f"),
        ("module.exports = { f() { go() } }", "f"),
        ("module.exports = { 'f g': function () { go() } }", "f g"),
        ("const o = { p: { f: () => go() } }", "o.p.f"),
        ("class A { f() { go() } }", "A.f"),
        ("class A { static async *f() { go() } }", "A.f"),
        ("class A { f = () => { go() } }", "A.f"),
        ("class A { #f() { go() } }", "A.#f"),
        ("class A { get f() { return go() } }", "A.f"),
        ("class A { [Symbol.iterator]() { go() } }", "A.[Symbol.iterator]"),
        ("const A = class { f() { go() } }", "A.f"),
        ("const A = class B { f() { go() } }", "A.f"),
        ("export default class { f() { go() } }", "thing.f"),
        ("export default function () { go() }", "thing"),
        ("export default function f() { go() }", "f"),
        ("export default () => { go() }", "thing"),
        ("module.exports = function () { go() }", "thing"),
        ("module.exports = function f() { go() }", "f"),
        ("(function () { function f() { go() } })()", "f"),
        ("define(['a'], function (a) { function f() { go() } })", "f"),
        ("var m = (function () { function f() { go() } })()", "f"),
        ("/** Doc. */ var f = wrap(function (a) { go() })", "f"),
    ],
)
def test_how_functions_get_their_names(source, name):
    assert names(extract("javascript", source, "src/thing/index.js")) == [name]


@pytest.mark.parametrize(
    "source",
    [
        "list.map(function (a) { go() })",
        "list.map(function named(a) { go() })",
        "const x = list.map(a => go(a))",
        "const { f } = function () { go() }",
        "[() => go()]",
    ],
)
def test_callbacks_are_no_functions_of_their_own(source):
    assert names(extract("javascript", source)) == []


def test_declarations_may_share_a_statement():
    found = extract("javascript", "/** First. */\nexport const a = () => go(1), b = () => go(2)\n")
    assert [(f.name, f.doc, f.code) for f in found.functions] == [
        ("a", "First.", "a = () => go(1)"),
        ("b", "", "b = () => go(2)"),
    ]


def test_documentation_belongs_to_what_follows_it():
    found = extract(
        "javascript",
        """
        /** @license MIT */
        function a() { go() }

        /** Far away. */

        function b() { go() }
        x = 1 /** Behind a statement. */
        function c() { go() }
        // Only a remark.
        function d() { go() }
        """,
    )
    assert [function.doc for function in found.functions] == ["", "", "", ""]


def test_what_is_left_out():
    source = "function a() {}\nfunction b() { return this.b }\nfunction c() { function d() { go() } go() }\n"
    found = extract("javascript", source)
    assert names(found) == ["c"]
    assert reasons(found) == [(1, "EMPTY"), (2, "ACCESSOR"), (3, "NESTED")]


def test_jsx():
    assert names(extract("javascript", "const A = ({ b }) => <div onClick={() => go()}>{b}</div>")) == ["A"]


def test_underscores_and_hashes_are_private():
    found = extract("javascript", "class A { _a() { go() } #b() { go() } c() { go() } }")
    assert [function.is_public for function in found.functions] == [False, False, True]
