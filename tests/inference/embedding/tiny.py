"""A BERT small enough to check by hand: random weights, a vocabulary of letters and a few words, and its wheel."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

SOURCE = "tiny-model==1.2.3"
WHEEL_NAME = "tiny_model-1.2.3-py3-none-any.whl"
MAX_TOKENS = 16
HIDDEN = 64
CONFIG: dict[str, Any] = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": HIDDEN,
    "intermediate_size": 128,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 24,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "position_embedding_type": "absolute",
}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOCABULARY = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), "sort", "list", "file", "read", "write"]


def make_weights(seed: int = 7) -> dict[str, np.ndarray]:
    """Random tensors under the names and with the shapes of a BertModel."""
    random = np.random.default_rng(seed)
    wide = CONFIG["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(VOCABULARY), HIDDEN),
        "embeddings.position_embeddings.weight": (CONFIG["max_position_embeddings"], HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
        "embeddings.LayerNorm.weight": (HIDDEN,),
        "embeddings.LayerNorm.bias": (HIDDEN,),
    }
    for layer in range(CONFIG["num_hidden_layers"]):
        prefix = f"encoder.layer.{layer}"
        dense = {f"attention.self.{name}": (HIDDEN, HIDDEN) for name in ("query", "key", "value")}
        dense["attention.output.dense"] = (HIDDEN, HIDDEN)
        dense["intermediate.dense"], dense["output.dense"] = (wide, HIDDEN), (HIDDEN, wide)
        for name, shape in dense.items():
            shapes[f"{prefix}.{name}.weight"], shapes[f"{prefix}.{name}.bias"] = shape, shape[:1]
        for name in ("attention.output", "output"):
            shapes[f"{prefix}.{name}.LayerNorm.weight"] = shapes[f"{prefix}.{name}.LayerNorm.bias"] = (HIDDEN,)
    weights = {name: random.normal(scale=0.3, size=shape).astype(np.float32) for name, shape in shapes.items()}
    # Gains around 1 let a text's tokens outweigh what all texts share.
    return {name: tensor + 1 if name.endswith("LayerNorm.weight") else tensor for name, tensor in weights.items()}


def make_tokenizer() -> Tokenizer:
    ids = {token: number for number, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    # As in the real file: settings that loading must undo.
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    return tokenizer


def make_members() -> dict[str, bytes]:
    """The files of the wheel by path."""
    return {
        "tiny_model/model/config.json": json.dumps(CONFIG).encode(),
        "tiny_model/model/1_Pooling/config.json": b"{}",
        "tiny_model/model/sentence_bert_config.json": json.dumps({"max_seq_length": MAX_TOKENS}).encode(),
        "tiny_model/model/tokenizer.json": make_tokenizer().to_str().encode(),
        "tiny_model/model/model.safetensors": save(make_weights()),
        "tiny_model-1.2.3.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.2.3\n",
        "tiny_model-1.2.3.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tiny_model-1.2.3.dist-info/RECORD": b"",
    }


def write_wheel(folder: Path, members: dict[str, bytes] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / WHEEL_NAME
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in (make_members() if members is None else members).items():
            archive.writestr(name, body)
    return path
