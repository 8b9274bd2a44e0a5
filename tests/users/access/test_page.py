from pathlib import Path

import pytest

from apps.users.access.page import BEGIN, END, build_tables, update_page

pytestmark = pytest.mark.unit

PAGE = Path(__file__).resolve().parents[3] / "docs" / "access.md"


def test_the_docs_say_what_the_tables_say() -> None:
    page = PAGE.read_text()
    assert update_page(page) == page, "python scripts/access_page.py writes it"


def test_only_what_is_between_the_marks_is_made() -> None:
    page = update_page(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert page.startswith(f"before\n{BEGIN}\n\n### Rights")
    assert page.endswith(f"{END}\nafter\n")
    assert "\nold\n" not in page


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="unpack"):
        update_page("nothing here")


@pytest.mark.parametrize(
    "row",
    [
        "| sign in to the pages | `users.sign_in` | yes |  | yes | yes |",
        "| `jobs:read` | follow background jobs | `core.view_job` | service, curator, admin |",
        "| `/functions/<int:pk>/edit/` | GET, POST | `functions.change_function` | curator, admin |",
        "| `/suites/cases/<int:pk>/` | GET | `evaluations.view_case` | viewer, curator, admin |",
        "| `/suites/cases/<int:pk>/` | POST | `evaluations.change_case` | curator, admin |",
        "| `/api/v1/keys/<int:pk>/` | DELETE |  | signed-in people, for what is their own |",
        "| `functions.function` | curator, admin | curator, admin | curator, admin | admin |",
        "| `/admin/functions/function/index/` | GET | `functions.view_function` | curator, admin |",
        "| `/admin/functions/function/index/rebuild/` | POST | `functions.change_function` | curator, admin |",
    ],
)
def test_rows(row: str) -> None:
    assert row in build_tables().splitlines()
