from unittest.mock import patch

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.core.jobs.services import run_inline
from apps.core.targets.types import Failure, Outcome, Question
from apps.functions.evaluation import lexicon
from apps.functions.evaluation.diagnosis import CAUSES, diagnose
from apps.functions.models import SynonymGroup
from apps.functions.references import refer_to
from apps.functions.services import indexing
from apps.functions.services.measuring import measure_search
from apps.functions.services.synonyms import save_group
from apps.inference.embedding import EmbeddingModelMissing
from tests.functions.evaluation.support import diagnose_one, fail, make, proposals

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class TestFacts:
    def test_error(self, catalogue):
        found = diagnose_one("sort", [catalogue["sort_list"]], error="no route to host\nTraceback")
        assert (found.cause, found.detail, found.cluster) == (
            "error",
            "no route to host\nTraceback",
            "no route to host",
        )

    def test_should_abstain(self, catalogue):
        found = diagnose_one("weather", [], [catalogue["water_plants"]], confidence=0.6, tier="local_model")
        assert (found.cause, found.cluster, found.fixes) == ("should_abstain", "local_model", ())
        assert found.detail == "“water_plants” was answered with a confidence of 0.60, and nothing is to be found."

    @pytest.mark.parametrize(
        ("expected", "cluster"),
        [
            ("lib/nowhere", "is not in the catalogue"),
            ("old_sort", "is retired"),
            ("lib/new_sort", "is a draft"),
        ],
    )
    def test_not_in_index(self, catalogue, expected, cluster):
        found = diagnose_one("sort", [expected, "gone"], [catalogue["sort_list"]])
        assert (found.cause, found.cluster) == ("not_in_index", cluster)
        assert found.detail == f"{expected} {cluster}. So it is with 1 more."

    def test_not_in_index_yet(self, catalogue, settings):
        diagnose_one("warm", [])
        settings.INDEX_REFRESH_SECONDS = 60
        found = diagnose_one("yodel", [make("yodel", "Yodel loudly.")])
        assert (found.cause, found.cluster) == ("not_in_index", "is not in the index yet")

    def test_one_right_answer_that_is_there_does(self, catalogue):
        found = diagnose_one("sort list", ["old_sort", catalogue["sort_list"]], [])
        assert found.cause == "not_found"

    def test_not_in_the_library_asked(self, catalogue):
        make("other", "Something else.", library="elsewhere")
        found = diagnose_one("sort", [catalogue["sort_list"]], filters={"library": "elsewhere"})
        assert (found.cause, found.detail) == (
            "not_in_index",
            "lib/sort_list is not in elsewhere, where the case asks.",
        )

    def test_first_answer_in_another_language(self, catalogue):
        found = diagnose_one("sort numbers", [catalogue["sort_list"]], [catalogue["sortSlice"], catalogue["sort_list"]])
        assert (found.cause, found.cluster) == ("wrong_language", "go, not python")
        assert found.detail == "The first answer is in go, and the right answer is in python."

    def test_a_language_read_out_of_the_query(self, catalogue):
        trace = {"language": "go", "terms": {}, "steps": []}
        found = diagnose_one("sort numbers in go", [catalogue["sort_list"]], trace=trace)
        assert (found.cause, found.cluster) == ("wrong_language", "“in go” read as go")

    def test_a_filter_that_leaves_the_right_answer_out(self, catalogue):
        trace = {"language": "go", "terms": {}, "steps": []}
        found = diagnose_one("sort numbers", [catalogue["sort_list"]], filters={"language": "golang"}, trace=trace)
        assert (found.cause, found.cluster) == ("wrong_language", "filter go")

    def test_any_right_answers_language_does(self, catalogue):
        both = [catalogue["sort_list"], catalogue["sortSlice"]]
        assert diagnose_one("sort", both, [catalogue["sortSlice"]]).cause != "wrong_language"

    def test_abstained(self, catalogue):
        right = catalogue["sort_list"]
        found = diagnose_one("sort my numbers please", [right], [right], answered=False, confidence=0.2)
        assert (found.cause, found.cluster) == ("abstained", "lib/sort_list")
        assert "confidence of 0.20, and 0.25 is the least" in found.detail

    def test_near_duplicate(self, catalogue):
        other = make("sortList", "Bring numbers into sequence.", library="zoo")
        found = diagnose_one("sort a list", [catalogue["sort_list"]], [other, catalogue["sort_list"]])
        assert (found.cause, found.cluster) == ("near_duplicate", "lib/sort_list = zoo/sortList")
        assert found.detail == "zoo/sortList came before lib/sort_list: they have the same name."
        assert proposals(found) == {"merge_duplicates": {"keep": "lib/sort_list", "retire": "zoo/sortList"}}

    def test_duplicates_make_one_cluster_whichever_is_right(self, catalogue):
        one, other = catalogue["sort_list"], make("sortList", "Bring numbers into sequence.", library="zoo")
        assert diagnose_one("a", [one], [other]).cluster == diagnose_one("a", [other], [one]).cluster


class TestWords:
    def test_a_likely_synonym(self, catalogue):
        found = diagnose_one("arrange numbers", [catalogue["sort_list"]], [catalogue["water_plants"]])
        assert (found.cause, found.cluster) == ("synonym_missed", "arrange -> sort")
        assert "arrange -> sort" in found.detail
        assert proposals(found) == {
            "add_synonym": {"word": "arrange", "synonym": "sort"},
            "add_keyword": {"function": "lib/sort_list", "keywords": "arrange"},
        }

    def test_a_built_in_synonym_that_is_in_no_table_any_more(self, catalogue):
        found = diagnose_one("delete row", [catalogue["remove_row"]], [catalogue["water_plants"]])
        assert (found.cause, found.cluster) == ("synonym_missed", "delete -> remove")

    def test_groups_tell_even_without_the_model(self, catalogue):
        save_group(group=None, words=["flood", "water"], enabled=False, user_id=None)
        with patch.object(lexicon.inference, "embed_texts", side_effect=EmbeddingModelMissing("no model")):
            missed = diagnose_one("flood plants", [catalogue["water_plants"]], [catalogue["sort_list"]])
            unknown = diagnose_one("arrange numbers", [catalogue["sort_list"]], [catalogue["water_plants"]])
        assert (missed.cause, missed.cluster) == ("synonym_missed", "flood -> water")
        assert unknown.cause == "not_found"

    def test_a_synonym_that_was_searched_with_is_not_missed(self, catalogue):
        save_group(group=None, words=["arrange", "sort"], user_id=None)
        found = diagnose_one("arrange numbers", [catalogue["sort_list"]], [catalogue["water_plants"]])
        assert found.cause == "not_found"

    def test_typo(self, catalogue):
        found = diagnose_one("read a calender", [catalogue["parse_calendar"]], [catalogue["send_mail"]])
        assert (found.cause, found.cluster) == ("typo", "calender -> calendar")

    def test_a_word_of_the_catalogue_is_no_typo(self, catalogue):
        make("calender_cloth", "Press cloth with a calender.")
        found = diagnose_one("read a calender", [catalogue["parse_calendar"]], [catalogue["send_mail"]])
        assert found.cause != "typo"

    def test_the_whole_of_an_identifier_is_not_missing(self, catalogue):
        found = diagnose_one("send_messageMail", [catalogue["send_mail"]], [catalogue["sort_list"]])
        assert (found.cause, found.fixes) == ("not_found", ())


class TestRanks:
    @pytest.mark.parametrize(
        ("rank", "cause"), [(2, "ranked_2_to_5"), (5, "ranked_2_to_5"), (6, "ranked_6_to_10"), (10, "ranked_6_to_10")]
    )
    def test_ranked(self, catalogue, rank, cause):
        found = diagnose_one("send zebra", [catalogue["send_mail"]], [catalogue["sort_list"]], rank=rank)
        assert (found.cause, found.cluster) == (cause, "lib/send_mail")
        assert found.detail == f"lib/send_mail came at place {rank}, after “sort_list”."
        assert proposals(found) == {"add_keyword": {"function": "lib/send_mail", "keywords": "zebra"}}

    def test_the_right_answer_that_came_first_is_the_one_to_mend(self, catalogue):
        right = [catalogue["send_mail"], catalogue["remove_row"]]
        found = diagnose_one("zebra", right, [catalogue["sort_list"], catalogue["remove_row"]])
        assert (found.cause, found.cluster) == ("ranked_2_to_5", "lib/remove_row")

    def test_not_found(self, catalogue):
        found = diagnose_one("zebra", ["send_mail"], [catalogue["sort_list"]])
        assert (found.cause, found.detail) == (
            "not_found",
            "lib/send_mail is not among the first 1, after “sort_list”.",
        )
        assert diagnose_one("zebra", ["send_mail"]).detail == "lib/send_mail is not among the first 0."


class TestMany:
    def test_every_cause_is_described(self, catalogue):
        found = diagnose([fail("sort", [name]) for name in ("sort_list", "gone")])
        assert [one.cause for one in found] == ["not_found", "not_in_index"]
        assert {one.cause for one in found} <= set(CAUSES)
        assert diagnose([]) == []

    def test_costs_as_many_queries_for_many_as_for_one(
        self, catalogue, settings, django_assert_num_queries: DjangoAssertNumQueries
    ):
        settings.INDEX_REFRESH_SECONDS = 60
        names = ["sort_list", "parse_calendar", "remove_row", "gone"]
        failures = [fail("zebra", [name], [catalogue["water_plants"]]) for name in names]
        diagnose(failures)
        for some in (failures[:1], failures * 10):
            with django_assert_num_queries(3):  # what cases refer to, its texts, synonyms
                diagnose(some)

    def test_what_a_search_really_answered(self, catalogue):
        """A group that was switched off, found out from what search made of it."""
        run_inline(kind=indexing.KIND, params={})
        save_group(group=None, words=["wipe", "remove"], user_id=None)
        with_group = measure_search(query="wipe row")
        assert with_group.terms == {"wipe": ["remove"]}
        SynonymGroup.objects.update(enabled=False)
        measured = measure_search(query="wipe row")
        got = [{"id": refer_to(result.function), "title": result.function.name} for result in measured.answer.results]
        trace = {"steps": measured.answer.steps, "terms": measured.terms, "language": measured.answer.language}
        outcome = Outcome(right=False, rank=2, answered=True, got=got[1:], trace=trace)
        [found] = diagnose([Failure(Question(1, "wipe row", {}, ["remove_row"], {}), outcome)])
        assert (found.cause, found.cluster) == ("synonym_missed", "wipe -> remove")
