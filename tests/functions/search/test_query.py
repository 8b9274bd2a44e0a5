import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.query import MAX_QUERY, MAX_TERMS, expand_groups, list_synonyms, parse_query

pytestmark = pytest.mark.unit

LANGUAGES = ("python", "javascript", "typescript", "java", "go", "rust", "csharp", "c", "r", "cpp", "sql", "html")


@pytest.mark.parametrize(
    ("text", "language", "subject"),
    [
        ("parse date in rust", "rust", "parse date"),
        ("rust parse date", "rust", "parse date"),
        ("parse json rust", "rust", "parse json"),
        ("using rust with serde read", "rust", "with serde read"),
        ("c# read file", "csharp", "read file"),
        ("hash text in C#?", "csharp", "hash text"),
        ("read file in c++", "cpp", "read file"),
        ("golang http server", "go", "http server"),
        ("go lang http server", "go", "http server"),
        ("read binary file in go", "go", "read binary file"),
        ("In Go, how to read", "go", "how to read"),
        ("sort a list in go by key", "go", "sort a list by key"),
        ("go: read file", "go", "read file"),
        ("[go] read file", "go", "read file"),
        ("lang:go read file", "go", "read file"),
        ("go function to read", "go", "function to read"),
        ("sort list js", "javascript", "sort list"),
        ("java script array unique", "javascript", "array unique"),
        ("node.js read file", "javascript", "read file"),
        ("python check if iterable", "python", "check if iterable"),
        ("how to do it with Python", "python", "how to do it"),
        ("python3 read python2 file", "python", "read file"),
        ("c function to reverse a string", "c", "function to reverse a string"),
        ("convert python dict to json in rust", "rust", "convert python dict to json"),
        ("ts to mp4 in ts", "typescript", "ts to mp4"),
    ],
)
def test_a_language_that_is_clearly_said_filters(text, language, subject):
    parsed = parse_query(text, available=LANGUAGES)
    assert (parsed.language, parsed.subject) == (language, subject)
    assert parsed.text == text


@pytest.mark.parametrize(
    "text",
    [
        "go through a list",
        "where did it go",
        "how far can you go",
        "what is the go to method",
        "remove the rust",
        "detect rust",
        "is it rust",
        "express middleware",
        "vitamin c levels",
        "value in c and d",
        "check if key in r and do",
        "find links in html",
        "run a query in sql",
        "convert java to python",
        "javascript vs typescript",
        "python-dateutil parse",
        "objective-c bridge",
        "gopher server",
        "javax.swing window",
        "parse file.java name",
        "",
        "   ",
        "\x00\x07",
        "in ru\u017ft",
        "sw\u0131ft parse date",
    ],
)
def test_an_unclear_word_does_not_filter(text):
    assert parse_query(text, available=LANGUAGES).language is None


@pytest.mark.parametrize("text", ["python", "in rust", "Java?", "golang golang"])
def test_a_language_alone_is_searched_for(text):
    parsed = parse_query(text, available=LANGUAGES)
    assert parsed.language is None
    assert parsed.subject == parsed.text
    assert parsed.terms


def test_only_languages_of_the_catalogue_filter():
    parsed = parse_query("parse date in rust", available=("python",))
    assert (parsed.language, parsed.subject) == (None, "parse date in rust")
    assert parse_query("parse date in rust").language is None


def test_a_given_language_wins():
    parsed = parse_query("python parse date", language="go", available=LANGUAGES)
    assert (parsed.language, parsed.subject) == ("go", "python parse date")
    same = parse_query("python parse date", language="python", available=LANGUAGES)
    assert (same.language, same.subject) == ("python", "parse date")
    assert parse_query("python", language="python", available=LANGUAGES).language == "python"


def test_terms_keep_the_words_of_the_user():
    parsed = parse_query("Reading the CSV files, reading", available=LANGUAGES)
    assert [(term.term, term.word) for term in parsed.terms] == [("read", "Reading"), ("csv", "CSV"), ("file", "files")]


def test_stop_words_count_when_there_is_nothing_else():
    assert [term.word for term in parse_query("how to do it").terms] == ["how", "to", "do", "it"]


def test_synonyms_go_both_ways_and_are_the_callers():
    groups = (("delete", "remove"), ("remove", "rm"))
    assert expand_groups(groups) == {"delet": ("remov",), "remov": ("delet", "rm"), "rm": ("remov",)}
    term = parse_query("removing", groups=groups).terms[0]
    assert term.synonyms == ("delet", "rm")
    assert parse_query("removing", groups=()).terms[0].synonyms == ()


def test_a_huge_query_is_cut():
    parsed = parse_query("word " * 100_000 + " in rust", available=LANGUAGES)
    assert len(parsed.text) <= MAX_QUERY
    assert len(parse_query(" ".join(f"w{n}x" for n in range(5_000))).terms) == MAX_TERMS


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from([None, "go", "python"]))
def test_any_text_is_fine(text, language):
    parsed = parse_query(text, language=language, available=LANGUAGES)
    assert parsed.language in (None, *LANGUAGES)
    assert language is None or parsed.language == language
    assert parsed.text.isprintable()
    assert parsed.text == parsed.text.strip()
    assert len({term.term for term in parsed.terms}) == len(parsed.terms)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["read", "file", "sort", "go", "the", "list", "key"]), min_size=1, max_size=6),
    st.sampled_from(["python", "rust", "go", "csharp"]),
)
def test_in_a_language_at_the_end_always_filters(words, language):
    text = " ".join(words)
    parsed = parse_query(f"{text} in {language}", available=LANGUAGES)
    assert (parsed.language, parsed.subject) == (language, text)


def test_synonyms_are_listed_as_words():
    groups = (("calculate", "compute", "calc"), ("calculate", "count"), ("array", "list"))
    query = parse_query("Calculating a sum", groups=groups)
    assert list_synonyms(query, groups) == {"calculating": ["compute", "calc", "count"]}
    assert list_synonyms(parse_query("Calculating a sum", groups=()), ()) == {}


def test_neighbouring_words_are_joined_two_to_four_and_all_at_a_time():
    neighbours = parse_query("set the file name of one open socket").neighbours
    runs = [neighbours.run(place) for place in range(len(neighbours.terms))]
    assert ("filenam", (1, 2), 2 / 8) in runs
    assert ("setthefilenam", (0, 1, 2), 4 / 8) in runs
    assert runs[-1].covers == (0, 1, 2, 3, 4)
    assert runs[-1].share == 1
    assert not any(run.term == "ofon" for run in runs)
