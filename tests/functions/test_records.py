import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.records import (
    LIMITS,
    MAX_KEYWORD,
    MAX_KEYWORDS,
    FunctionRecord,
    RecordError,
    derive_external_id,
    parse_language,
    parse_record,
    record_digest,
)

pytestmark = pytest.mark.unit

LEAST = {"name": "slugify", "language": "py", "description": "Make a slug."}
FULL = {
    "id": "text/slugify",
    "name": "slugify",
    "language": "Python",
    "description": "Make a slug.",
    "code": "def slugify(title):\r\n    return title.lower()\n",
    "signature": "def slugify(title)",
    "library": "web",
    "keywords": ["url", " title ", "url", ""],
    "action": "convert",
    "data_type": "string",
    "order_type": "none",
    "usage": "slugify('A b')",
    "complexity": "O(n)",
    "popularity": "12.5",
    "path": "web/text.py",
    "line": "7",
    "qualified_name": "Text.slugify",
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
fields = st.sampled_from([*FULL, "unknown"])


def error_of(**changes) -> RecordError:
    with pytest.raises(RecordError) as caught:
        parse_record({**LEAST, **changes})
    return caught.value


class TestWhatIsTaken:
    def test_the_least_record(self):
        record = parse_record(LEAST)
        assert (record.name, record.language, record.qualified_name) == ("slugify", "python", "slugify")
        assert record.external_id == "python:slugify"
        assert (record.keywords, record.popularity, record.line) == ((), 0.0, None)

    def test_every_field_is_read_and_normalised(self):
        record = parse_record(FULL)
        assert record == FunctionRecord(
            external_id="text/slugify",
            name="slugify",
            language="python",
            description="Make a slug.",
            code="def slugify(title):\n    return title.lower()",
            signature="def slugify(title)",
            library="web",
            keywords=("url", "title"),
            action="convert",
            data_type="string",
            order_type="none",
            usage="slugify('A b')",
            complexity="O(n)",
            popularity=12.5,
            path="web/text.py",
            line=7,
            qualified_name="Text.slugify",
        )

    def test_code_alone_is_enough(self):
        assert parse_record({"name": "f", "language": "go", "code": "func f() {}"}).description == ""

    def test_numbers_may_be_ids(self):
        assert parse_record({**LEAST, "id": 0}).external_id == "0"

    def test_unknown_fields_are_ignored(self):
        assert parse_record({**LEAST, "stars": {"n": 1}}) == parse_record(LEAST)

    @pytest.mark.parametrize("empty", [None, ""])
    def test_defaults_fill_what_is_missing(self, empty):
        record = parse_record(
            {"name": "f", "code": "x", "language": empty}, defaults={"language": "rs", "library": "l"}
        )
        assert (record.language, record.library) == ("rust", "l")

    def test_defaults_do_not_replace_what_is_there(self):
        assert parse_record(LEAST, defaults={"language": "go"}).language == "python"

    @pytest.mark.parametrize("separator", [",", ";", "|", " , "])
    def test_keywords_may_be_text(self, separator):
        assert parse_record({**LEAST, "keywords": f"sort{separator}big list"}).keywords == ("sort", "big list")

    def test_texts_lose_control_characters_and_lone_surrogates(self):
        record = parse_record({**LEAST, "description": "a\0b\x1b[1m\tc\u0085", "code": "x = '\ud800'"})
        assert record.description == "ab[1m\tc"
        assert record.code == "x = '\ufffd'"

    def test_code_keeps_its_indentation(self):
        assert parse_record({**LEAST, "code": "\n    x\n        y\n"}).code == "    x\n        y"

    def test_white_space_in_short_fields_is_collapsed(self):
        assert parse_record({**LEAST, "name": " a\n\tb "}).name == "a b"


class TestWhatIsRefused:
    @pytest.mark.parametrize("mapping", [None, [], "text", 3, True])
    def test_what_is_no_object(self, mapping):
        with pytest.raises(RecordError, match="record: must be an object, not"):
            parse_record(mapping)

    @pytest.mark.parametrize("field", ["name", "language", "description"])
    @pytest.mark.parametrize("empty", [None, "", "  \n"])
    def test_a_missing_field(self, field, empty):
        error = error_of(**{field: empty})
        assert error.field == field
        assert "is required" in error.reason

    @pytest.mark.parametrize("field", [*LIMITS])
    def test_a_field_of_another_type(self, field):
        error = error_of(**{field: ["x"]})
        assert (error.field, error.reason) == (field, "must be text, not a list")

    @pytest.mark.parametrize("field", ["name", "id", "signature", "code", "path", "usage"])
    def test_a_field_that_is_too_long(self, field):
        assert getattr(parse_record({**LEAST, field: "x" * LIMITS[field]}), "external_id" if field == "id" else field)
        error = error_of(**{field: "x" * (LIMITS[field] + 1)})
        assert error.field == field
        assert f"the limit is {LIMITS[field]:,}" in error.reason

    @pytest.mark.parametrize("field", ["name", "id", "language", "library", "action", "path", "signature"])
    @pytest.mark.parametrize(("character", "shown"), [("\0", "U+0000"), ("\x1b", "U+001B"), ("\udc80", "U+DC80")])
    def test_control_characters_in_a_short_field(self, field, character, shown):
        error = error_of(**{field: f"a{character}b"})
        assert error.field == field
        assert shown in error.reason

    def test_an_unknown_language_with_the_nearest(self):
        error = error_of(language="pyton")
        assert error.field == "language"
        assert "“pyton” is not a known language; did you mean “python”?" in error.reason

    @pytest.mark.parametrize(
        "value", ["many", "nan", "inf", math.nan, math.inf, True, [], {}, 10**400, "1e999"], ids=repr
    )
    def test_a_popularity_that_is_no_finite_number(self, value):
        assert error_of(popularity=value).field == "popularity"

    @pytest.mark.parametrize(
        "value", [0, -1, 1.5, "x", "-3", True, 10**20, "9" * 5000, [], "٣"], ids=lambda v: repr(v)[:9]
    )
    def test_a_line_that_is_none(self, value):
        assert error_of(line=value).field == "line"

    @pytest.mark.parametrize(
        "value",
        [5, {"a": 1}, [5], [None], ["a\0b"], ["x" * (MAX_KEYWORD + 1)], [str(n) for n in range(MAX_KEYWORDS + 1)]],
        ids=lambda value: repr(value)[:12],
    )
    def test_keywords_that_are_none(self, value):
        assert error_of(keywords=value).field == "keywords"

    @pytest.mark.parametrize("value", [True, 1.5, 10**5000], ids=["bool", "float", "huge"])
    def test_an_id_that_is_none(self, value):
        assert error_of(id=value).field == "id"

    @given(st.dictionaries(fields, anything, max_size=6), st.booleans())
    def test_whatever_comes_is_taken_or_refused_with_a_known_field(self, changes, is_complete):
        found = parse_or_error({**LEAST, **changes} if is_complete else changes)
        if isinstance(found, RecordError):
            assert found.field in FULL
            assert found.reason
        else:
            assert "\0" not in "".join(map(str, (found.name, found.description, found.code, found.keywords)))
            assert parse_record(as_mapping(found)) == found


def parse_or_error(mapping: object) -> FunctionRecord | RecordError:
    try:
        return parse_record(mapping)
    except RecordError as error:
        return error


def as_mapping(record: FunctionRecord) -> dict[str, object]:
    names = [field for field in FULL if field != "id"]
    return {"id": record.external_id, **{name: getattr(record, name) for name in names}}


class TestIds:
    def test_with_a_path_it_is_path_and_qualified_name(self):
        record = parse_record({**FULL, "id": None})
        assert record.external_id == "web/text.py::Text.slugify"

    def test_editing_the_code_keeps_it(self):
        edited = {**LEAST, "code": "changed", "description": "Other."}
        assert parse_record(edited).external_id == parse_record(LEAST).external_id

    def test_the_second_of_a_name_has_its_number(self):
        record = parse_record(LEAST)
        assert derive_external_id(record, ordinal=2) == "python:slugify#2"

    def test_long_ones_are_cut_and_stay_apart(self):
        path = "d/" * 499
        ids = {
            derive_external_id(parse_record({**LEAST, "path": path, "name": name * 100}), ordinal=ordinal)
            for name in ("ab", "ac")
            for ordinal in (1, 2)
        }
        assert len(ids) == 4
        assert max(map(len, ids)) <= LIMITS["id"]


class TestDigests:
    def test_the_same_content_has_the_same(self):
        assert record_digest(parse_record(FULL)) == record_digest(parse_record(dict(reversed(FULL.items()))))
        assert len(record_digest(parse_record(LEAST))) == 64

    @pytest.mark.parametrize("changes", [{"external_id": "x"}, {"library": "x"}, {"line": 99}])
    def test_which_function_it_is_and_where_it_moved_do_not_count(self, changes):
        record = parse_record(FULL)
        assert record_digest(replace(record, **changes)) == record_digest(record)

    @pytest.mark.parametrize("field", ["name", "code", "description", "signature", "usage", "path", "language"])
    def test_every_other_field_counts(self, field):
        record = parse_record(FULL)
        assert record_digest(replace(record, **{field: "go"})) != record_digest(record)

    def test_text_does_not_move_between_fields_unseen(self):
        record = parse_record(LEAST)
        assert record_digest(replace(record, action="a", usage="b")) != record_digest(replace(record, action="ab"))

    @given(st.text(max_size=50), st.text(max_size=50))
    def test_they_differ_exactly_when_the_texts_do(self, one, other):
        first = FunctionRecord("1", "f", "go", description=one)
        second = FunctionRecord("2", "f", "go", description=other)
        assert (record_digest(first) == record_digest(second)) == (one == other)


def test_a_language_by_any_name():
    assert parse_language("C#") == "csharp"
    with pytest.raises(RecordError, match="language: “” is not a known language"):
        parse_language("")
