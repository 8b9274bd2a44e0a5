import pytest

from tests.functions.extraction.support import extract, names, only, reasons

pytestmark = pytest.mark.unit


def test_a_method_with_everything():
    found = only(
        extract(
            "csharp",
            """
            namespace N.M {
              public class Box<T> : Base {
                /// <summary>
                /// Opens <see cref="T:N.Lid"/> &amp; <c>looks</c>, as <paramref name="key"/> says.
                /// </summary>
                /// <param name="key">the key</param>
                /// <returns>the first one</returns>
                [Pure, Obsolete("x")]
                // why
                public static async Task<T> Open<K>([In] K key, string b = "x") where K : class { return await Go(); }
              }
            }
            """,
        )
    )
    assert (found.qualified_name, found.kind, found.line) == ("Box.Open", "method", 10)
    assert found.signature == 'public static async Task<T> Open<K>(K key, string b = "x") where K : class'
    assert found.doc == "Opens N.Lid & looks, as key says.\n\nkey: the key\nReturns the first one"
    assert found.code.startswith('[Pure, Obsolete("x")]\n// why\npublic static')
    assert found.is_public


def test_names_say_what_a_function_is_in():
    found = extract(
        "csharp",
        """
        class A {
          public A(int a) : base(a) { Go(); }
          int Twice(int x) => x + x;
          public static A operator +(A a, A b) { return a.x + b.x; }
          void IFoo.Bar() { Go(); }
        }
        interface I { void D() { Go(); } }
        struct S { void M() { Go(); } }
        record R(int a) { int Three() => a + 3; }
        """,
    )
    assert names(found) == ["A.A", "A.Twice", "A.operator +", "A.Bar", "I.D", "S.M", "R.Three"]


def test_what_is_left_out():
    found = extract(
        "csharp",
        """
        abstract class A {
          extern void Outside();
          public abstract void M();
          void Nothing() { }
          string Name() => _name;
          int Property => 1;
          void Outer() { int Local(int q) => q + 1; Go(); }
          [Fact] public void Works() { Go(); }
        }
        """,
    )
    assert names(found) == ["A.Outer"]
    assert [reason for _, reason in reasons(found)] == ["NO_BODY", "NO_BODY", "EMPTY", "ACCESSOR", "NESTED", "TEST"]


def test_members_in_conditional_regions_are_found():
    conditional = "#if DEBUG\n  void D() { Go(); }\n#else\n  void E() { Go(); }\n#endif\n"
    regions = conditional + "#region x\n  void F() { Go(); }\n#endregion\n"
    source = f"class A {{\n{regions}}}\n"
    assert names(extract("csharp", source)) == ["A.D", "A.E", "A.F"]
