import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from apps.core.design import COLOURS, PHRASE, SECTIONS, SIZES, SPACES
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

CSS = Path(settings.BASE_DIR) / "static" / "css"
COMPONENTS = Path(settings.BASE_DIR) / "templates" / "components"
TOKENS = re.findall(r"^  (--[\w-]+):", (CSS / "tokens.css").read_text(), re.MULTILINE)


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.VIEWER))
    return client


class TestPage:
    def test_has_every_part(self, client):
        page = client.get(reverse("core:design")).content.decode()
        for key, title in SECTIONS:
            assert f'<section class="design-part" id="{key}"' in page
            assert title in page
        assert "<svg" in page

    def test_weighs_less_than_100_kb(self, client):
        """Compressed, with every style and script, of the largest page there is."""
        page = client.get(reverse("core:design")).content
        names = set(re.findall(r'(?:href|src)="/static/([\w/.-]+\.(?:css|js))"', page.decode()))
        assert len(names) > 12
        contents = [page, *(Path(str(finders.find(name))).read_bytes() for name in names)]
        assert sum(len(gzip.compress(content)) for content in contents) < 100_000

    def test_confirming_by_typing(self, client):
        response = client.post(reverse("core:design"), {"confirm": PHRASE})
        assert response.url == reverse("core:design")
        assert "Confirmed" in str(next(iter(get_messages(response.wsgi_request))))

    def test_confirming_with_another_text(self, client):
        response = client.post(reverse("core:design"), {"confirm": "demo"})
        assert response.status_code == 422
        assert not list(get_messages(response.wsgi_request))

    def test_strangers_sign_in_first(self):
        assert Client().get(reverse("core:design")).status_code == 302


class TestValues:
    def test_what_the_page_shows_is_there(self):
        shown = [name for names in COLOURS.values() for name in names]
        shown += [f"space-{space}" for space in SPACES] + [f"text-{size}" for size in SIZES]
        assert {f"--{name}" for name in shown} <= set(TOKENS)

    def test_every_value_that_is_used_is_written(self):
        known = set(TOKENS)
        for sheet in CSS.rglob("*.css"):
            text = sheet.read_text()
            own = set(re.findall(r"(--[\w-]+):", text))
            assert set(re.findall(r"var\((--[\w-]+)", text)) <= known | own, sheet.name

    def test_colours_are_written_once(self):
        """The API's reference is Swagger's page, not made of our parts."""
        for sheet in CSS.rglob("*.css"):
            if sheet.name not in ("tokens.css", "api_docs.css"):
                assert re.findall(r"#[0-9a-f]{3,8}\b|\brgb\(|\bhsl\(", sheet.read_text()) == [], sheet.name


class TestComponents:
    def test_what_stands_within_is_text_or_markup(self):
        source = (
            """{% load core_tags %}{% component "empty" title=name %}<a href="/">{{ name }}</a>{% endcomponent %}"""
        )
        shown = Template(source).render(Context({"name": "<b>"}))
        assert '<div class="actions"><a href="/">&lt;b&gt;</a></div>' in shown
        assert "<h2>&lt;b&gt;</h2>" in shown

    def test_nothing_within_leaves_nothing(self):
        source = """{% load core_tags %}{% component "page_head" title="Jobs" %} {% endcomponent %}{{ title }}"""
        assert "actions" not in Template(source).render(Context())

    def test_its_values_end_with_it(self):
        source = """{% load core_tags %}{% component "badge" text="x" %}{% endcomponent %}[{{ text }}{{ content }}]"""
        assert Template(source).render(Context()).endswith("[]")

    def test_all_are_documented_or_part_of_one_that_is(self, client):
        templates = (Path(settings.BASE_DIR) / "templates" / "core").rglob("*.html")
        text = "".join(path.read_text() for path in (*templates, *COMPONENTS.glob("*.html")))
        text += (Path(settings.BASE_DIR) / "templates" / "base.html").read_text()
        for path in COMPONENTS.glob("[!_]*.html"):
            used = f'"components/{path.name}"' in text or f'component "{path.stem}"' in text
            assert used or path.name == "form_errors.html", path.name
