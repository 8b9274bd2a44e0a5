import pytest

from apps.core.errors import InvalidInput
from apps.functions.evaluation.diagnosis import diagnose
from apps.functions.evaluation.fixes import FIXES, apply_fix
from apps.functions.models import FunctionState, Origin, SynonymGroup
from tests.functions.evaluation.support import fail, make, proposals
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def missed(catalogue):
    return fail("arrange numbers", [catalogue["sort_list"]], [catalogue["water_plants"]])


@pytest.fixture
def doubled(catalogue):
    make("sortList", "Bring numbers into sequence.", library="zoo")
    return fail("sort a list", ["sort_list"], [make("sort_List", "Numbers in sequence.", library="zoo")])


def refused(name, failure, values):
    with pytest.raises(InvalidInput) as caught:
        apply_fix(name, failure, values, user_id=None)
    return list(caught.value.errors)


def test_what_is_proposed_can_be_done(missed):
    user = UserFactory()
    [found] = diagnose([missed])
    done = {name: apply_fix(name, missed, values, user_id=user.pk) for name, values in proposals(found).items()}
    assert done == {
        "add_synonym": "These mean the same to search now: arrange, sort.",
        "add_keyword": "lib/sort_list has the keyword arrange now.",
    }
    group = SynonymGroup.objects.get()
    assert (group.words, group.changed_by) == (["arrange", "sort"], user)
    assert diagnose([missed])[0].cause != "synonym_missed"


def test_keywords_are_added_with_their_revision(missed, catalogue):
    user = UserFactory()
    values = {"function": "lib/sort_list", "keywords": "arrange, put in order,"}
    assert apply_fix("add_keyword", missed, values, user_id=user.pk) == (
        "lib/sort_list has the keywords arrange, put in order now."
    )
    function = catalogue["sort_list"]
    function.refresh_from_db()
    assert function.keywords == ["arrange", "put in order"]
    revision = function.revisions.first()
    assert (revision.number, revision.changed_by, revision.origin) == (2, user, Origin.PAGE)
    assert "already" in apply_fix("add_keyword", missed, values, user_id=user.pk)


def test_a_duplicate_is_retired_in_favour_of_the_other(doubled):
    user = UserFactory()
    retired = make("third", "Unrelated.")
    values = {"keep": "lib/sort_list", "retire": "zoo/sort_List"}
    done = apply_fix("merge_duplicates", doubled, values, user_id=user.pk)
    assert done == "zoo/sort_List is retired now: lib/sort_list stands for it."
    function = type(retired).objects.get(external_id="sort_List")
    assert function.state == FunctionState.RETIRED
    revision = function.revisions.first()
    assert (revision.note, revision.changed_by, revision.origin) == ("a duplicate of lib/sort_list", user, Origin.PAGE)
    assert refused("merge_duplicates", doubled, {"keep": "zoo/sort_List", "retire": "lib/sort_list"}) == ["keep"]


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("retag", {}, "fix"),
        ("add_keyword", {"keywords": "arrange"}, "function"),
        ("add_keyword", {"function": "lib/water_plants", "keywords": "arrange"}, "function"),
        ("add_keyword", {"function": "nowhere", "keywords": "arrange"}, "function"),
        ("add_keyword", {"function": "lib/sort_list"}, "keywords"),
        ("add_keyword", {"function": "lib/sort_list", "keywords": " , "}, "keywords"),
        ("add_keyword", {"function": "lib/sort_list", "keywords": "x" * 101}, "keywords"),
        ("add_synonym", {"word": "arrange"}, "synonym"),
        ("add_synonym", {"synonym": "sort"}, "word"),
        ("add_synonym", {"word": "put in order", "synonym": "sort"}, "word"),
        ("add_synonym", {"word": "arrange", "synonym": "to"}, "synonym"),
        ("add_synonym", {"word": "sort", "synonym": "sorted"}, "synonym"),
        ("merge_duplicates", {"keep": "lib/sort_list"}, "retire"),
        ("merge_duplicates", {"keep": "lib/sort_list", "retire": "sort_list"}, "retire"),
        ("merge_duplicates", {"keep": "lib/sort_list", "retire": "lib/send_mail"}, "retire"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(missed, catalogue, name, values, field):
    assert refused(name, missed, values) == [field]
    assert not SynonymGroup.objects.exists()
    function = catalogue["sort_list"]
    function.refresh_from_db()
    assert (function.revision, function.keywords) == (1, [])


def test_every_proposed_fix_exists(missed, doubled):
    assert {fix.name for found in diagnose([missed, doubled]) for fix in found.fixes} == set(FIXES)
