import pytest

from tests.functions.extraction.support import extract, names, only, reasons

pytestmark = pytest.mark.unit


def test_a_method_with_everything():
    found = only(
        extract(
            "java",
            """
            package p;
            /** Of the class. */
            public class Box<T> {
              /**
               * Returns <b>the</b> {@code List<T>} &amp; more, see {@link Box#open() opening}.
               * <p>Second.
               *
               * @param key the key
               * @return the list
               * @throws IllegalStateException if closed
               * @since 1.2
               */
              @Override
              @Deprecated(since = "2")
              public <K> List<T> get(@Nullable final K key) throws IllegalStateException {
                return find(key);
              }
            }
            """,
        )
    )
    assert (found.qualified_name, found.kind, found.line) == ("Box.get", "method", 15)
    assert found.signature == "public <K> List<T> get(final K key) throws IllegalStateException"
    assert found.doc == (
        "Returns the List<T> & more, see opening.\nSecond.\n\n"
        "key: the key\nReturns the list\nThrows IllegalStateException: if closed"
    )
    assert found.code.startswith('@Override\n@Deprecated(since = "2")\npublic <K>')


def test_names_say_what_a_method_is_in():
    found = extract(
        "java",
        """
        class A {
          A(int a) { go(); }
          Comparator<T> c = new Comparator<>() { public int compare(T a, T b) { return a - b; } };
          static class B { void m() { go(); } }
        }
        interface I { default void d() { go(); } }
        enum E { X { void o() { go(); } }; void e() { go(); } }
        record R(int a) { R { go(); } int twice() { return a + a; } }
        """,
    )
    assert names(found) == ["A.A", "A.Comparator.compare", "A.B.m", "I.d", "E.X.o", "E.e", "R.R", "R.twice"]
    assert [f.kind for f in found.functions if f.name in "AR"] == ["constructor", "constructor"]


def test_what_is_left_out():
    found = extract(
        "java",
        """
        abstract class A {
          abstract int m();
          native int n();
          A() {}
          int getX() { return x; }
          int getY() { return this.y; }
          void setX(int x) { this.x = x; }
          /** The documented. */
          int getZ() { return z; }
          void run() { new Thread() { public void run() { go(); } }; }
          @Test public void works() { go(); }
        }
        """,
    )
    assert names(found) == ["A.getZ", "A.run"]
    assert [reason for _, reason in reasons(found)] == [
        *["NO_BODY", "NO_BODY", "EMPTY", "ACCESSOR", "ACCESSOR", "ACCESSOR", "NESTED", "TEST"]
    ]


def test_tests_come_when_asked_for():
    assert names(extract("java", "class A { @Test void t() { go(); } }", include_tests=True)) == ["A.t"]


def test_private_methods_are_not_public():
    found = extract(
        "java", "class A { private void a() { go(); } static private int b() { go(); } void c() { go(); } }"
    )
    assert [function.is_public for function in found.functions] == [False, False, True]


def test_inherited_documentation_is_none():
    assert only(extract("java", "class A {\n  /** {@inheritDoc} */\n  void a() { go(); }\n}")).doc == ""
