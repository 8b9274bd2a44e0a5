"""The words of the embedding model, whose order tells how frequent they are."""

import json
from functools import cache
from pathlib import Path

from apps.inference.embedding.manifest import MODEL_NAME, TOKENIZER_FILE
from apps.inference.semantic.words import Vocabulary


@cache
def load_vocabulary(folder: Path) -> Vocabulary:
    """Out of the models folder. OSError where the model was not converted."""
    content = json.loads((folder / MODEL_NAME / TOKENIZER_FILE).read_text("utf-8"))
    vocabulary: dict[str, int] = content["model"]["vocab"]
    return vocabulary
