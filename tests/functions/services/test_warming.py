import pytest

from apps.functions.search import kernels, selecting
from apps.functions.services import warming

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

KERNELS = [
    kernels.score_words,
    kernels.match_fields,
    kernels.measure_features,
    selecting.list_shown,
    selecting.choose_rows,
]


def test_every_kernel_is_compiled_before_the_first_question(monkeypatch):
    monkeypatch.setattr(warming.inference, "model_digest", lambda: "")
    warming.warm_search()
    assert all(kernel.signatures for kernel in KERNELS)


def test_a_model_that_is_there_is_loaded(monkeypatch):
    embedded = []
    monkeypatch.setattr(warming.inference, "model_digest", lambda: "some")
    monkeypatch.setattr(warming.inference, "embed_query", embedded.append)
    warming.warm_search()
    assert embedded == [warming.QUERY]
