import pytest

from apps.core.secrets.fields import ENTER_AGAIN
from apps.core.secrets.keys import make_key
from apps.evaluations.models import Schedule, Suite
from tests.evaluations.factories import (
    ReportFactory,
    ScheduleFactory,
    SuiteFactory,
)
from tests.evaluations.views.pages import address, text_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class TestSchedules:
    def form(self, suite: Suite, **changes: object) -> dict[str, object]:
        fields = {"suite": suite.pk, "words": "every Monday at 6:30", "compare_with": "last_good"}
        return {**fields, "emails": "a@example.com, b@example.com", **changes}

    def test_adds_edits_pauses_and_deletes(self, curator):
        suite = SuiteFactory()
        assert curator.get(address("new_schedule"), {"suite": suite.pk}).status_code == 200
        curator.post(address("new_schedule"), self.form(suite))
        schedule = Schedule.objects.get()
        assert (schedule.suite, schedule.emails) == (suite, ["a@example.com", "b@example.com"])
        page = text_of(curator.get(address("schedules")))
        assert "Every Monday at 6:30" in page
        assert curator.get(address("schedule", schedule.pk)).status_code == 200
        curator.post(address("schedule", schedule.pk), self.form(suite, words="every night at 2", emails=""))
        schedule.refresh_from_db()
        assert (schedule.words, schedule.emails) == ("every night at 2", [])
        curator.post(address("pause_schedule", schedule.pk), {"enabled": "no"})
        assert "paused" in text_of(curator.get(address("schedules")))
        schedule = Schedule.objects.get()
        assert not schedule.periodic_task.enabled
        refused = curator.post(address("delete_schedule", schedule.pk), {"confirm": "yes"})
        assert refused.status_code == 422
        assert Schedule.objects.exists()
        curator.post(address("delete_schedule", schedule.pk), {"confirm": suite.name})
        assert not Schedule.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"words": "now and then"}, "words"),
            ({"emails": "nobody"}, "emails"),
            ({"compare_with": "pinned"}, "compare_with"),
        ],
    )
    def test_errors_stand_at_the_field(self, curator, changes, field):
        response = curator.post(address("new_schedule"), self.form(SuiteFactory(), **changes))
        assert response.status_code == 422
        assert response.context["form"].errors[field]
        assert not Schedule.objects.exists()

    def test_what_cannot_be_read_says_so_and_is_entered_again(self, curator, settings):
        schedule = ScheduleFactory(webhook_url="https://93.184.216.34/a", webhook_secret="old")
        settings.SECRETS_KEYS = [make_key()]
        assert "a webhook that cannot be read: enter it again" in text_of(curator.get(address("schedules")))
        page = curator.get(address("schedule", schedule.pk))
        assert page.content.count(b'value="cannot be read: enter it again"') == 2
        shown = {"webhook_url": ENTER_AGAIN, "webhook_secret": ENTER_AGAIN}
        edited = curator.post(address("schedule", schedule.pk), self.form(schedule.suite, **shown))
        assert edited.status_code == 302
        assert curator.post(address("pause_schedule", schedule.pk), {"enabled": "no"}).status_code == 302
        assert Schedule.objects.get().unreadable == ["webhook_url", "webhook_secret"]
        hook = {"webhook_url": "https://93.184.216.34/b", "webhook_secret": "new"}
        refused = curator.post(
            address("schedule", schedule.pk), self.form(schedule.suite, **{**hook, "webhook_secret": ENTER_AGAIN})
        )
        assert refused.context["form"].errors["webhook_secret"] == ["Cannot be read: enter it again."]
        curator.post(address("schedule", schedule.pk), self.form(schedule.suite, **hook))
        schedule = Schedule.objects.get()
        assert (schedule.webhook_url, schedule.webhook_secret, schedule.unreadable) == (*hook.values(), [])

    @pytest.mark.parametrize("rows", [1, 5])
    def test_number_of_queries(self, curator, rows, django_assert_num_queries):
        for _ in range(rows):
            schedule = ScheduleFactory()
            ReportFactory(run__suite=schedule.suite, run__schedule=schedule)
        curator.get(address("schedules"))
        with django_assert_num_queries(5):  # who asks, suites, saved views, schedules, their last runs
            curator.get(address("schedules"))
