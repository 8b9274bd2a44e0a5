import re
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.core.cache.registry import get_cache
from apps.core.models import Job
from apps.functions import overview
from apps.functions.models import Function, FunctionState
from apps.functions.services import searching
from apps.functions.services.searching import SearchAnswer, SearchResult
from apps.functions.views import SearchState
from apps.users.roles import Role
from tests.functions.factories import FunctionFactory, LibraryFactory, RevisionFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("fresh_overview")]

SEARCH = "/functions/"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
RESULTS = {"HX-Request": "true", "HX-Target": "results"}
PEEK = {"HX-Request": "true", "HX-Target": "peek"}


def client_of(role: Role) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


@pytest.fixture(autouse=True)
def _no_index(settings, tmp_path):
    settings.INDEX_DIR = tmp_path


@pytest.fixture
def client() -> Client:
    return client_of(Role.VIEWER)


@pytest.fixture
def curator() -> Client:
    return client_of(Role.CURATOR)


def answer_of(*functions: Function, **changes) -> SearchAnswer:
    results = [SearchResult(function, 0.8, ["lines"], "the word lines in its name") for function in functions]
    step = {"tier": "local_model", "outcome": "answered", "ms": 3.2, "confidence": 0.8, "cost": 0.0, "reason": ""}
    fields = {
        "query": "count lines",
        "answered": True,
        "confidence": 0.8,
        "tier": "local_model",
        "took_ms": 4.56,
        "trace_id": "t" * 32,
        "language": None,
        "results": results,
        "steps": [step],
    }
    return SearchAnswer(**(fields | changes))


def answering(*functions: Function, **changes):
    return patch.object(searching, "search_functions", return_value=answer_of(*functions, **changes))


def similar(*functions: Function):
    found = [SearchResult(function, 0.7, [], "near in meaning") for function in functions]
    return patch.object(searching, "similar_functions", return_value=found)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode().replace("<wbr>", ""))


class TestState:
    @pytest.mark.parametrize("key", ["", "x", "-1", "1e3", "²", "9" * 30])
    def test_a_key_that_is_none(self, key, rf):
        assert SearchState.read(rf.get(SEARCH, {"function": key}).GET).function is None

    def test_all(self, rf):
        request = rf.get(SEARCH, {"q": " a b ", "language": "go", "library": "lib", "function": "7"})
        assert SearchState.read(request.GET) == SearchState("a b", "go", "lib", 7)


class TestWelcome:
    def test_says_what_the_catalogue_holds_and_what_to_ask(self, client):
        FunctionFactory.create_batch(3, library=LibraryFactory(name="my-tools"))
        page = text_of(client.get(SEARCH))
        assert "3 functions to find" in page
        assert "my-tools" in page
        assert "count the lines of a file" in page
        assert "The search index is being built" in page

    def test_an_empty_catalogue(self, client, curator):
        assert "The catalogue is empty" in text_of(client.get(SEARCH))
        assert reverse("functions:import") not in text_of(client.get(SEARCH))
        assert reverse("functions:import") in text_of(curator.get(SEARCH))

    def test_index_state_is_a_part_of_its_own(self, client):
        FunctionFactory()
        page = text_of(client.get(reverse("functions:index_state"), headers=RESULTS))
        assert 'data-live="index"' in page
        assert "<html" not in page


class TestSearch:
    def test_a_result(self, client):
        function = FunctionFactory(name="count_lines", library=LibraryFactory(name="my-tools"))
        with answering(function) as search:
            page = text_of(client.get(SEARCH, {"q": "count lines"}))
        person = int(client.session["_auth_user_id"])
        search.assert_called_once_with(query="count lines", language=None, library=None, limit=20, user_id=person)
        assert "count_<mark>lines</mark>" in page
        assert "the word lines in its name" in page
        assert "Answered" in page
        assert "very likely right (80 %)" in page
        assert 'By words and meaning in <span class="number">4.6 ms</span>' in page
        assert f"{SEARCH}?q=count+lines&amp;function={function.pk}" in page

    def test_filters(self, client):
        FunctionFactory(library=LibraryFactory(name="my-tools"), language="go")
        with answering() as search:
            page = text_of(client.get(SEARCH, {"q": "x", "language": "go", "library": "my-tools"}))
        person = int(client.session["_auth_user_id"])
        search.assert_called_once_with(query="x", language="go", library="my-tools", limit=20, user_id=person)
        assert '<option value="go" selected>Go</option>' in page
        assert '<option value="my-tools" selected>my-tools</option>' in page

    def test_not_sure(self, client):
        with answering(FunctionFactory(), answered=False, confidence=0.1):
            page = text_of(client.get(SEARCH, {"q": "x"}))
        assert "Not sure" in page
        assert "a guess (10 %)" in page

    def test_a_language_said_in_the_query(self, client):
        with answering(FunctionFactory(), language="csharp"):
            assert "only C#, as the query says" in text_of(client.get(SEARCH, {"q": "x in c#"}))

    def test_nothing_found_suggests_to_drop_the_filter(self, client):
        FunctionFactory(language="go")
        with answering():
            page = text_of(client.get(SEARCH, {"q": "x", "language": "go"}))
        assert "being built" in page
        progress = "apps.functions.overview._measure_progress"
        with answering(), patch(progress, return_value=_complete()):
            get_cache("functions.index_progress").local.clear()
            page = text_of(client.get(SEARCH, {"q": "x", "language": "go"}))
        assert "Nothing found" in page
        assert f'href="{SEARCH}?q=x">Search in all languages' in page

    def test_htmx_gets_the_results_alone(self, client):
        with answering(FunctionFactory()):
            page = text_of(client.get(SEARCH, {"q": "x"}, headers=RESULTS))
        assert "<html" not in page
        assert '<div id="peek" hx-swap-oob="innerHTML"></div>' in page

    def test_history_gets_the_whole_page(self, client):
        with answering(FunctionFactory()):
            response = client.get(
                SEARCH, {"q": "x"}, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
            )
        assert "<html" in text_of(response)
        assert "HX-Target" in response["Vary"]

    @pytest.mark.parametrize("headers", [{}, RESULTS])
    def test_a_query_that_is_too_long(self, client, headers):
        response = client.get(SEARCH, {"q": "x" * 2001}, headers=headers)
        assert response.status_code == 422
        assert "The query is 2,001 characters long" in text_of(response)

    @pytest.mark.parametrize(
        ("filters", "said"),
        [
            ({"language": "klingon"}, "Language"),
            ({"library": "none such"}, "Library there is no such library"),
            ({"library": "\0"}, "Library there is no such library"),
        ],
    )
    def test_unknown_filters(self, client, filters, said):
        response = client.get(SEARCH, {"q": "x", **filters})
        assert response.status_code == 422
        assert said in text_of(response)

    @pytest.mark.parametrize("query", ["\x00", "\u202e", "\x00\x07"])
    def test_a_query_of_nothing_visible(self, client, query):
        assert client.get(SEARCH, {"q": query}).status_code == 422

    @pytest.mark.parametrize("rows", [2, 20])
    def test_number_of_queries(self, client, rows, django_assert_num_queries):
        functions = FunctionFactory.create_batch(rows)
        found = list(Function.objects.with_library().filter(pk__in=[function.pk for function in functions]))
        with answering(*found):
            client.get(SEARCH, {"q": "x", "function": found[0].pk})
            with django_assert_num_queries(2):  # who asks, and the function in the panel
                client.get(SEARCH, {"q": "x", "function": found[0].pk})


class TestPeek:
    def test_shows_the_code(self, client):
        function = FunctionFactory(usage="count_lines('a.txt')", path="tools/lines.py", line=12)
        page = text_of(client.get(SEARCH, {"q": "x", "function": function.pk}, headers=PEEK))
        assert 'data-line="12"' in page
        assert "tools/lines.py:12" in page
        assert "count_lines(&#x27;a.txt&#x27;)" in page
        assert f'data-close href="{SEARCH}?q=x"' in page
        assert "<html" not in page

    def test_is_part_of_the_page_that_is_reloaded(self, client):
        function = FunctionFactory()
        with answering(function):
            page = text_of(client.get(SEARCH, {"q": "x", "function": function.pk}))
        assert f'data-shown="{function.pk}"' in page
        assert 'aria-current="true"><bdi>' in page

    def test_long_code_is_cut(self, client):
        function = FunctionFactory(code="x = 1\n" * 10_000)
        page = text_of(client.get(SEARCH, {"function": function.pk}, headers=PEEK))
        assert "4,667 more lines on" in page
        assert "Copy the code" not in page

    def test_closed(self, client):
        assert client.get(SEARCH, {"q": "x"}, headers=PEEK).content.strip() == b""

    def test_gone(self, client):
        assert "gone" in text_of(client.get(SEARCH, {"function": 10**18}, headers=PEEK))

    def test_a_retired_one_says_so(self, client):
        function = FunctionFactory(state=FunctionState.RETIRED)
        assert "Retired" in text_of(client.get(SEARCH, {"function": function.pk}, headers=PEEK))


class TestFunctionPage:
    def test_shows_it_all(self, client):
        function = FunctionFactory(
            name="count_lines",
            description="Count the lines.\n\n    Quickly.",
            path="tools/lines.py",
            line=12,
            usage="count_lines('a')",
            action="count",
            complexity="O(n)",
            popularity=3,
        )
        other = FunctionFactory(name="count_words")
        with similar(other):
            response = client.get(function.get_absolute_url())
        page, raw = text_of(response), response.content.decode()
        for said in ("count_lines", "tools/lines.py:12", "O(n)", "count_words", "Revision 1", "Published"):
            assert said in page
        assert "Count the lines.\n\n    Quickly." in raw
        assert other.get_absolute_url() in page
        assert "Edit" not in page

    def test_large_code(self, client):
        function = FunctionFactory(code="value = 1\n" * 100_000)
        with similar():
            page = text_of(client.get(function.get_absolute_url()))
        assert "96,800 more lines, without colours" in page

    def test_there_is_no_such_function(self, client):
        assert client.get("/functions/123456/").status_code == 404
        assert client.get(f"/functions/{2**70}/").status_code == 404

    @pytest.mark.parametrize("rows", [1, 8])
    def test_number_of_queries(self, curator, rows, django_assert_num_queries):
        function = FunctionFactory(revisions=rows)
        others = FunctionFactory.create_batch(rows)
        with similar(*Function.objects.with_library().filter(pk__in=[other.pk for other in others])):
            curator.get(function.get_absolute_url())
            with django_assert_num_queries(3):  # who asks, the function, its revisions
                curator.get(function.get_absolute_url())


class TestHostile:
    @pytest.fixture
    def function(self) -> Function:
        fields = (
            "name",
            "qualified_name",
            "description",
            "code",
            "signature",
            "usage",
            "path",
            "action",
            "external_id",
        )
        library = LibraryFactory(name=HOSTILE)
        function = FunctionFactory(
            library=library, keywords=[HOSTILE], complexity=HOSTILE, **dict.fromkeys(fields, HOSTILE)
        )
        RevisionFactory(function=function, number=2, data={"name": f"{HOSTILE}!"}, note=HOSTILE)
        return function

    def test_no_page_believes_it(self, function, curator):
        pk = function.pk
        with answering(function), similar(function):
            pages = [
                curator.get(SEARCH),
                curator.get(SEARCH, {"q": HOSTILE, "library": HOSTILE, "function": pk}),
                curator.get(SEARCH, {"q": HOSTILE, "function": pk}, headers=PEEK),
                curator.get(SEARCH, {"q": HOSTILE, "language": HOSTILE}, headers=RESULTS),
                curator.get(function.get_absolute_url()),
                curator.get(reverse("functions:edit", args=[pk])),
                curator.get(reverse("functions:revision", args=[pk, 2])),
                curator.get(reverse("functions:new")),
                curator.get(reverse("functions:import")),
            ]
        for page in pages:
            assert page.status_code == 200
            assert b"<script>alert" not in page.content
            assert b"<img src=x" not in page.content

    def test_the_policy_of_content_stays_strict(self, function, curator):
        policy = curator.get(SEARCH)["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy

    def test_no_page_needs_more_than_the_policy_gives(self, function, curator):
        with answering(function), similar(function):
            pages = [
                curator.get(SEARCH, {"q": "x", "function": function.pk}),
                curator.get(function.get_absolute_url()),
                curator.get(reverse("functions:import")),
                curator.get(reverse("core:jobs")),
            ]
        for page in pages:
            markup = page.content.decode()
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", markup)
            assert not re.search(r"<script(?![^>]*\ssrc=)", markup)
            assert not re.search(r'(?:src|href)="(?:https?:)?//', markup)


class TestRevisions:
    def test_shows_what_changed(self, client):
        function = FunctionFactory(name="old", revisions=1)
        RevisionFactory(function=function, number=2, data=function.as_data() | {"name": "new"}, note="clearer")
        Function.objects.filter(pk=function.pk).update(revision=2)
        page = text_of(client.get(reverse("functions:revision", args=[function.pk, 2])))
        assert '<span class="del">-old</span><span class="add">+new</span>' in page
        assert "clearer" in page
        assert client.get(reverse("functions:revision", args=[function.pk, 3])).status_code == 404

    def test_restores(self, curator):
        function = FunctionFactory(description="Good text.")
        curator.post(reverse("functions:edit", args=[function.pk]), form_of(function, description="Bad text."))
        response = curator.post(reverse("functions:restore", args=[function.pk]), {"number": 1}, follow=True)
        function.refresh_from_db()
        assert (function.description, function.revision) == ("Good text.", 3)
        assert "what it was at revision 1" in text_of(response)

    @pytest.mark.parametrize("number", ["", "x", "99", "9" * 40])
    def test_there_is_no_such_revision(self, curator, number):
        function = FunctionFactory()
        response = curator.post(reverse("functions:restore", args=[function.pk]), {"number": number}, follow=True)
        assert "there is no revision" in text_of(response)


def form_of(function: Function, **changes) -> dict[str, object]:
    names = ("name", "language", "signature", "description", "code", "usage", "action", "complexity", "revision")
    fields = {name: getattr(function, name) for name in names}
    return {**fields, "keywords": ", ".join(function.keywords), "popularity": function.popularity, **changes}


class TestEdit:
    def test_saves_with_a_revision(self, curator):
        function = FunctionFactory()
        sent = form_of(function, description="Better.", keywords="a, b,,c", code="x = 1\r\ny = 2", note="why not")
        response = curator.post(reverse("functions:edit", args=[function.pk]), sent)
        function.refresh_from_db()
        assert response.url == function.get_absolute_url()
        assert (function.description, function.keywords, function.code) == ("Better.", ["a", "b", "c"], "x = 1\ny = 2")
        revision = function.revisions.first()
        assert (revision.number, revision.note, revision.origin) == (2, "why not", "page")
        assert revision.changed_by is not None

    def test_opening_and_saving_changes_nothing(self, curator):
        function = FunctionFactory(description="Two\nlines.", usage="a\n\nb", popularity=2.5, complexity="O(1)")
        page = curator.get(reverse("functions:edit", args=[function.pk]))
        sent = {name: page.context["form"][name].value() or "" for name in page.context["form"].fields}
        sent["keywords"] = ", ".join(function.keywords)
        curator.post(reverse("functions:edit", args=[function.pk]), sent)
        function.refresh_from_db()
        assert function.revision == 1

    def test_an_edit_of_an_older_revision_is_shown_what_changed(self, curator):
        function = FunctionFactory(description="Old text.")
        mine = form_of(function, description="My text.")
        address = reverse("functions:edit", args=[function.pk])
        curator.post(address, form_of(function, description="Their text."))
        response = curator.post(address, mine)
        page = text_of(response)
        assert response.status_code == 409
        assert "Their text." in page
        assert "My text." in page
        function.refresh_from_db()
        assert function.description == "Their text."
        curator.post(address, {**mine, "revision": response.context["form"]["revision"].value()})
        function.refresh_from_db()
        assert function.description == "My text."

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": ""}, "name"),
            ({"language": "klingon"}, "language"),
            ({"popularity": "much"}, "popularity"),
            ({"description": "", "code": ""}, "description"),
            ({"keywords": "k" * 101}, "keywords"),
        ],
    )
    def test_errors_stand_at_the_field(self, curator, changes, field):
        function = FunctionFactory()
        response = curator.post(reverse("functions:edit", args=[function.pk]), form_of(function, **changes))
        assert response.status_code == 422
        assert response.context["form"].errors[field]
        function.refresh_from_db()
        assert function.revision == 1

    def test_retires_and_publishes(self, curator):
        function = FunctionFactory()
        address = reverse("functions:set_state", args=[function.pk])
        assert "is retired now" in text_of(curator.post(address, {"state": "retired"}, follow=True))
        function.refresh_from_db()
        assert function.state == FunctionState.RETIRED
        assert "is published now" in text_of(curator.post(address, {"state": "published"}, follow=True))
        assert "is none of" in text_of(curator.post(address, {"state": "lost"}, follow=True))

    def test_only_for_curators(self):
        function, client = FunctionFactory(), client_of(Role.VIEWER)
        assert client.get(reverse("functions:edit", args=[function.pk])).status_code == 403
        assert client.post(reverse("functions:set_state", args=[function.pk]), {"state": "retired"}).status_code == 403
        assert client.post(reverse("functions:restore", args=[function.pk]), {"number": 1}).status_code == 403


class TestNew:
    def test_adds(self, curator):
        sent = {"library": "mine", "name": "clamp", "language": "go", "description": "Keeps x in a range."}
        response = curator.post(reverse("functions:new"), sent)
        function = Function.objects.get(name="clamp")
        assert response.url == function.get_absolute_url()
        assert (function.library.name, function.state, function.revision) == ("mine", "published", 1)

    def test_an_id_that_is_taken(self, curator):
        function = FunctionFactory(library=LibraryFactory(name="mine"))
        sent = {"library": "mine", "id": function.external_id, "name": "x", "language": "go", "description": "y"}
        response = curator.post(reverse("functions:new"), sent)
        assert response.status_code == 422
        assert "already" in response.context["form"].errors["id"][0]

    def test_only_for_curators(self):
        assert client_of(Role.VIEWER).get(reverse("functions:new")).status_code == 403


class TestImport:
    def test_starts_a_job(self, curator, settings, tmp_path):
        settings.UPLOADS_DIR = tmp_path / "uploads"
        file = SimpleUploadedFile("functions.jsonl", b'{"name": "f", "language": "go", "description": "d"}')
        sent = {"file": file, "library": "mine", "language": "", "strict": "on"}
        response = curator.post(reverse("functions:import"), sent)
        job = Job.objects.get(kind="functions.import")
        assert response.url == reverse("core:job", args=[job.pk])
        assert job.params["library"] == "mine"
        assert job.params["strict"] is True
        assert job.params["retire_missing"] is False
        assert job.created_by is not None
        assert f"Import #{job.pk}" in text_of(curator.get(reverse("functions:import")))

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"file": SimpleUploadedFile("data.xyz", b"?")}, "file"),
            ({"file": ""}, "file"),
            ({"library": ""}, "library"),
            ({"language": "klingon"}, "language"),
        ],
    )
    def test_errors_stand_at_the_field_and_nothing_is_kept(self, curator, settings, tmp_path, changes, field):
        settings.UPLOADS_DIR = tmp_path / "uploads"
        sent = {"file": SimpleUploadedFile("f.jsonl", b"{}"), "library": "mine", **changes}
        response = curator.post(reverse("functions:import"), sent)
        assert response.status_code == 422
        assert response.context["form"].errors[field]
        assert not Job.objects.exists()
        assert not list(settings.UPLOADS_DIR.glob("*/*"))

    def test_a_file_that_is_too_large(self, curator, settings, tmp_path):
        settings.UPLOADS_DIR, settings.IMPORT_MAX_UPLOAD_BYTES = tmp_path, 10
        sent = {"file": SimpleUploadedFile("f.jsonl", b"x" * 11), "library": "mine"}
        assert "larger than" in text_of(curator.post(reverse("functions:import"), sent))

    @pytest.mark.parametrize("rows", [1, 8])
    def test_number_of_queries(self, curator, rows, django_assert_num_queries):
        for _ in range(rows):
            Job.objects.create(kind="functions.import", created_by=UserFactory())
        curator.get(reverse("functions:import"))
        with django_assert_num_queries(2):  # who asks, the imports
            curator.get(reverse("functions:import"))

    def test_only_for_curators(self):
        assert client_of(Role.VIEWER).get(reverse("functions:import")).status_code == 403


@pytest.mark.parametrize("name", ["search", "index_state", "import", "new"])
def test_strangers_sign_in_first(name):
    address = reverse(f"functions:{name}")
    assert Client().get(address).url == f"{reverse('account_login')}?next={address}"


def _complete() -> overview.IndexProgress:
    return overview.IndexProgress(is_built=True, has_model=True, published=1, embedded=1)
