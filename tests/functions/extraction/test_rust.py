import pytest

from tests.functions.extraction.support import extract, names, only, reasons

pytestmark = pytest.mark.unit


def test_a_function_with_everything():
    found = only(
        extract(
            "rust",
            """
            mod shapes {
                /// Returns the area.
                ///
                /// # Errors
                /// Never.
                #[inline]
                #[must_use] // always
                pub(crate) async fn area<T>(x: T /* side */) -> T where T: Mul { x * x }
            }
            """,
        )
    )
    assert (found.qualified_name, found.kind, found.line) == ("shapes.area", "function", 8)
    assert found.signature == "pub(crate) async fn area<T>(x: T) -> T where T: Mul"
    assert found.doc == "Returns the area.\n\n# Errors\nNever."
    assert found.code.startswith("#[inline]\n#[must_use] // always\npub(crate) async fn")
    assert found.is_public


def test_names_say_what_a_function_is_in():
    found = extract(
        "rust",
        """
        impl<T> Stack<T> { pub fn new() -> Self { go() } }
        impl<T> fmt::Display for Stack<T> { fn fmt(&self) -> R { go() } }
        impl<'a> From<Vec<u8>> for &'a [u8] { fn from(x: u8) -> Self { go(x) } }
        trait Shape { /** The default. */ fn area(&self) -> f64 { go() } }
        """,
    )
    assert names(found) == ["Stack.new", "Stack.Display.fmt", "&'a [u8].From<Vec<u8>>.from", "Shape.area"]
    assert [function.is_public for function in found.functions] == [True, False, False, False]
    assert found.functions[3].doc == "The default."


def test_what_is_left_out():
    found = extract(
        "rust",
        """
        trait Tr { fn required(&self); }
        extern "C" { fn outside(a: i32); }
        impl A { fn nothing(&self) {} fn name(&self) -> &str { &self.name } }
        macro_rules! m { () => { fn made() { go() } } }
        fn outer() { fn inner() { go() } inner() }
        #[test] fn checks() { go() }
        #[cfg(test)]
        mod tests { fn helper() { go() } }
        """,
    )
    assert names(found) == ["outer"]
    assert [reason for _, reason in reasons(found)] == [
        *["NO_BODY", "NO_BODY", "EMPTY", "ACCESSOR", "NESTED", "TEST", "TEST"]
    ]
