import pytest

from apps.core.errors import Conflict, InvalidInput
from apps.functions.models import Function, FunctionEmbedding, FunctionState, Origin, Revision
from apps.functions.services import catalogue
from tests.functions.factories import FunctionFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

DATA = {
    "id": "text/slug",
    "name": "slugify",
    "language": "Python",
    "description": "Turn a title into a part of an address.",
    "code": "def slugify(title):\n    return title.lower()",
    "keywords": ["url", "title"],
}


def create(**changes) -> Function:
    return catalogue.create_function(data={**DATA, **changes}, library="web", user_id=None, origin=Origin.API)


def update(function: Function, **changes) -> Function:
    return catalogue.update_function(function=function, changes=changes, user_id=None, origin=Origin.PAGE)


class TestCreate:
    def test_stores_the_record_its_revision_and_its_vector(self):
        user = UserFactory()
        function = catalogue.create_function(data=DATA, library="web", user_id=user.pk, origin=Origin.API)
        function.refresh_from_db()
        assert (function.external_id, function.language, function.keywords) == ("text/slug", "python", ["url", "title"])
        assert (function.state, function.revision) == (FunctionState.PUBLISHED, 1)
        revision = function.revisions.get()
        assert (revision.number, revision.changed_by, revision.origin) == (1, user, "api")
        assert revision.data["description"] == DATA["description"]
        assert function.embeddings.count() == 1

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": ""}, "name"),
            ({"language": "klingon"}, "language"),
            ({"description": "", "code": ""}, "description"),
            ({"popularity": "lots"}, "popularity"),
            ({"state": "burnt"}, "state"),
        ],
    )
    def test_bad_input_names_the_field_and_changes_nothing(self, changes, field):
        with pytest.raises(InvalidInput) as caught:
            create(**changes)
        assert list(caught.value.errors) == [field]
        assert not Function.objects.exists()

    def test_an_id_is_unique_in_its_library(self):
        create()
        with pytest.raises(InvalidInput) as caught:
            create()
        assert (list(caught.value.errors), caught.value.code) == (["id"], "duplicate")
        assert Revision.objects.count() == 1


class TestUpdate:
    def test_a_change_makes_a_revision_and_a_new_vector(self):
        function = create()
        before = FunctionEmbedding.objects.get().content_digest
        updated = update(function, description="Make a slug.")
        assert (updated.revision, updated.description) == (2, "Make a slug.")
        assert list(function.revisions.values_list("number", flat=True)) == [2, 1]
        assert FunctionEmbedding.objects.get().content_digest != before

    def test_nothing_changed_nothing_written(self):
        function = create()
        assert update(function, name="slugify", keywords=["url", "title"]).revision == 1
        assert Revision.objects.count() == 1

    def test_a_stale_edit_is_refused(self):
        function = create()
        update(function, name="first")
        with pytest.raises(Conflict, match="revision 2, not 1"):
            catalogue.update_function(
                function=function, changes={"name": "second"}, user_id=None, origin=Origin.API, expected_revision=1
            )
        function.refresh_from_db()
        assert function.name == "first"

    @pytest.mark.parametrize("field", ["id", "library", "revision", "change_xid", "pk"])
    def test_other_fields_cannot_be_changed(self, field):
        with pytest.raises(InvalidInput, match=field):
            update(create(), **{field: 7})

    def test_every_write_moves_the_transaction_mark(self):
        function = FunctionFactory()
        first = Function.objects.values_list("change_xid", flat=True).get(pk=function.pk)
        assert first > 0


class TestMany:
    def test_states_change_in_bulk_with_a_revision_each(self):
        FunctionFactory.create_batch(3)
        retired = FunctionFactory(state=FunctionState.RETIRED)
        changed = catalogue.set_state(
            functions=Function.objects.all(), state="retired", user_id=None, origin=Origin.ADMIN
        )
        assert changed == 3
        assert set(Function.objects.values_list("state", flat=True)) == {"retired"}
        assert not retired.revisions.filter(number=2).exists()
        assert Revision.objects.filter(number=2, data__state="retired").count() == 3

    def test_keywords_are_added_and_removed(self):
        one = FunctionFactory(keywords=["old", "kept"])
        two = FunctionFactory(keywords=["new"])
        changed = catalogue.add_keywords(
            functions=Function.objects.all(), add=["new"], remove=["old"], user_id=None, origin=Origin.ADMIN
        )
        one.refresh_from_db()
        two.refresh_from_db()
        assert (one.keywords, two.keywords, changed) == (["kept", "new"], ["new"], 1)


class TestRevisions:
    def test_restore_brings_everything_back_as_a_new_revision(self):
        function = create()
        update(function, description="Something else.", keywords=[], state="retired")
        restored = catalogue.restore_revision(function=function, number=1, user_id=None, origin=Origin.ADMIN)
        assert (restored.revision, restored.description, restored.state) == (3, DATA["description"], "published")
        assert restored.keywords == ["url", "title"]
        assert restored.revisions.first().note == "restored revision 1"

    def test_restoring_what_is_not_there_is_refused(self):
        with pytest.raises(InvalidInput, match="no revision 9"):
            catalogue.restore_revision(function=create(), number=9, user_id=None, origin=Origin.ADMIN)

    def test_diff_shows_the_lines_that_changed(self):
        function = create()
        update(function, code="def slugify(title):\n    return title.strip()", keywords=["url"])
        newer, older = function.revisions.all()
        changes = {change.field: change for change in catalogue.diff_revisions(older, newer)}
        assert set(changes) == {"code", "keywords"}
        assert "-    return title.lower()" in changes["code"].diff
        assert "+    return title.strip()" in changes["code"].diff
        assert "-title" in changes["keywords"].diff

    def test_the_first_revision_differs_from_nothing(self):
        fields = {change.field for change in catalogue.diff_revisions(None, create().revisions.get())}
        assert {"name", "language", "code", "keywords", "state"} <= fields
        assert "order_type" not in fields
