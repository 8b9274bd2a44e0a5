"""BERT with mean pooling in plain numpy, operation by operation as the paper has it: the yardstick of the graph."""

import math

import numpy as np

from tests.inference.embedding.tiny import CONFIG

erf = np.vectorize(math.erf)


def embed_ids(weights: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """The unit vector of one text, in float64."""
    tensors = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    hidden = tensors["embeddings.word_embeddings.weight"][ids]
    hidden = hidden + tensors["embeddings.position_embeddings.weight"][: len(ids)]
    hidden = hidden + tensors["embeddings.token_type_embeddings.weight"][0]
    hidden = normalize_layer(tensors, "embeddings", hidden)
    for layer in range(CONFIG["num_hidden_layers"]):
        prefix = f"encoder.layer.{layer}"
        attended = apply_dense(tensors, f"{prefix}.attention.output.dense", attend(tensors, prefix, hidden))
        hidden = normalize_layer(tensors, f"{prefix}.attention.output", attended + hidden)
        wide = apply_dense(tensors, f"{prefix}.intermediate.dense", hidden)
        active = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        narrow = apply_dense(tensors, f"{prefix}.output.dense", active)
        hidden = normalize_layer(tensors, f"{prefix}.output", narrow + hidden)
    mean = hidden.mean(axis=0)
    return mean / np.linalg.norm(mean)


def attend(tensors: dict[str, np.ndarray], prefix: str, hidden: np.ndarray) -> np.ndarray:
    names = ("query", "key", "value")
    query, key, value = (apply_dense(tensors, f"{prefix}.attention.self.{name}", hidden) for name in names)
    size = CONFIG["hidden_size"] // CONFIG["num_attention_heads"]
    heads = []
    for start in range(0, CONFIG["hidden_size"], size):
        head = slice(start, start + size)
        scores = query[:, head] @ key[:, head].T / math.sqrt(size)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        heads.append(shares / shares.sum(axis=1, keepdims=True) @ value[:, head])
    return np.hstack(heads)


def apply_dense(tensors: dict[str, np.ndarray], name: str, hidden: np.ndarray) -> np.ndarray:
    return hidden @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]


def normalize_layer(tensors: dict[str, np.ndarray], name: str, hidden: np.ndarray) -> np.ndarray:
    centred = hidden - hidden.mean(axis=1, keepdims=True)
    scaled = centred / np.sqrt(centred.var(axis=1, keepdims=True) + CONFIG["layer_norm_eps"])
    return scaled * tensors[f"{name}.LayerNorm.weight"] + tensors[f"{name}.LayerNorm.bias"]
