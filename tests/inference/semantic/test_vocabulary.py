import json
from pathlib import Path

import pytest

from apps.inference.embedding.manifest import MODEL_NAME, TOKENIZER_FILE
from apps.inference.semantic.vocabulary import load_vocabulary

pytestmark = pytest.mark.unit


def test_words_come_out_of_the_models_folder(tmp_path: Path) -> None:
    (tmp_path / MODEL_NAME).mkdir()
    (tmp_path / MODEL_NAME / TOKENIZER_FILE).write_text(json.dumps({"model": {"vocab": {"the": 1_996}}}))
    assert load_vocabulary(tmp_path) == {"the": 1_996}


def test_without_a_model_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_vocabulary(tmp_path / "nothing")
