import pytest

from apps.functions import languages

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("python", "python"),
        (" Python ", "python"),
        ("PY", "python"),
        ("js", "javascript"),
        ("tsx", "typescript"),
        ("golang", "go"),
        ("C#", "csharp"),
        ("cs", "csharp"),
        ("c++", "cpp"),
        ("rb", "ruby"),
    ],
)
def test_names_and_aliases_are_found(text, name):
    assert languages.find_language(text) == name


@pytest.mark.parametrize("text", ["", "klingon", "pythonn", "python\0"])
def test_other_texts_are_no_language(text):
    assert languages.find_language(text) is None


def test_every_alias_stands_for_a_known_language():
    assert set(languages.ALIASES.values()) <= set(languages.RECORD_LANGUAGES)
    assert not set(languages.ALIASES) & set(languages.RECORD_LANGUAGES)


def test_a_misspelling_is_answered_with_the_nearest_name():
    assert languages.suggest_language("pyhton") == "python"
    assert "did you mean “javascript”?" in languages.explain_unknown_language("javascrpt")


def test_a_name_like_no_other_is_answered_with_all_of_them():
    assert languages.suggest_language("%%%%%%%%") is None
    assert "known are python, javascript" in languages.explain_unknown_language("%" * 10_000)
    assert len(languages.explain_unknown_language("%" * 10_000)) < 600


@pytest.mark.parametrize(
    ("path", "language"),
    [("a/b.py", "python"), ("x.TSX", "typescript"), ("x.d.ts", "typescript"), ("Makefile", None), ("x.pyc", None)],
)
def test_the_ending_of_a_path_tells_its_language(path, language):
    assert languages.language_of_path(path) == language
