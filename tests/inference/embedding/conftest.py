from pathlib import Path

import pytest

from apps.inference.embedding import Embedder, load_embedder
from apps.inference.embedding.convert import convert_model
from tests.inference.embedding.tiny import write_wheel


def say_nothing(line: str) -> None:
    pass


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with the tiny model in it. Not to be changed."""
    models = tmp_path_factory.mktemp("models")
    convert_model(models, write_wheel(tmp_path_factory.mktemp("wheel")), say_nothing)
    return models


@pytest.fixture(scope="session")
def tiny_embedder(tiny_models: Path) -> Embedder:
    return load_embedder(tiny_models)
