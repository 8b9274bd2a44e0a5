import pytest

from apps.core.errors import Conflict, InvalidInput
from apps.evaluations.models import Report, Verdict
from apps.evaluations.services.acknowledging import acknowledge
from tests.evaluations.factories import ReportFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_report_is_acknowledged_by_somebody_with_a_comment():
    report, user = ReportFactory(verdict=Verdict.WORSE), UserFactory()
    assert report.needs_acknowledgement
    done = acknowledge(report=report, user=user, comment="  Known: the synonyms went.  ")
    assert (done.pk, done.acknowledged_by, done.comment) == (report.pk, user, "Known: the synonyms went.")
    stored = Report.objects.get(pk=report.pk)
    assert stored.acknowledged_at is not None
    assert not stored.needs_acknowledgement


@pytest.mark.parametrize("comment", ["", "  \n", "x" * 2001, "a\0b"])
def test_a_comment_is_needed(comment):
    report = ReportFactory(verdict=Verdict.WORSE)
    with pytest.raises(InvalidInput) as caught:
        acknowledge(report=report, user=UserFactory(), comment=comment)
    assert list(caught.value.errors) == ["comment"]
    assert Report.objects.get().needs_acknowledgement


def test_the_first_to_acknowledge_stays():
    report, first = ReportFactory(verdict=Verdict.FAILED), UserFactory()
    acknowledge(report=report, user=first, comment="x" * 2000)
    with pytest.raises(Conflict) as caught:
        acknowledge(report=report, user=UserFactory(), comment="me too")
    assert caught.value.code == "acknowledged"
    assert Report.objects.get().acknowledged_by == first
