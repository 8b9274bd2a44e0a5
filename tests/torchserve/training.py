"""python training.py INTENTS FOLDER: a bag of words over a few intents, fitted in a second, as TorchScript.

Runs in TorchServe's environment, which has torch; the project's has none.
"""

import json
import re
import sys
from pathlib import Path

import torch  # type: ignore[import-not-found]

STEPS = 200


def main() -> None:
    examples = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    folder = Path(sys.argv[2])
    intents = sorted(examples)
    texts = [(text, place) for place, intent in enumerate(intents) for text in examples[intent]]
    words = sorted({word for text, _ in texts for word in find_words(text)})
    torch.manual_seed(0)
    counts = torch.tensor([count_words(text, words) for text, _ in texts])
    model = fit(counts, torch.tensor([place for _, place in texts]), len(intents))
    torch.jit.trace(model, counts[:1]).save(str(folder / "model.pt"))
    (folder / "labels.json").write_text(json.dumps({"intents": intents, "words": words}), encoding="utf-8")


def find_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def count_words(text: str, words: list[str]) -> list[float]:
    found = find_words(text)
    return [float(found.count(word)) for word in words]


def fit(counts: torch.Tensor, places: torch.Tensor, intents: int) -> torch.nn.Module:
    model = torch.nn.Linear(counts.shape[1], intents)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(STEPS):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(counts), places).backward()
        optimiser.step()
    return model.eval()


if __name__ == "__main__":
    main()
