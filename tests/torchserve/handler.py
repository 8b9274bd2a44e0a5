"""TorchServe's handler: {"instances": ["a text", ...]} in, {"predictions": [{"intent", "confidence"}, ...]} out.

Runs inside TorchServe's worker, in its own environment: it imports nothing of this project.
"""

import json
import os
import re
from typing import Any

import torch  # type: ignore[import-not-found]

WORD = re.compile(r"\w+")


class IntentHandler:
    def initialize(self, context: Any) -> None:
        folder = context.system_properties["model_dir"]
        with open(os.path.join(folder, "labels.json"), encoding="utf-8") as file:
            kept = json.load(file)
        self.intents = kept["intents"]
        self.places = {word: place for place, word in enumerate(kept["words"])}
        self.model = torch.jit.load(os.path.join(folder, "model.pt"))
        self.model.eval()

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[dict[str, Any]]:
        """Several requests may come at once, each with several texts: they go through the model together."""
        batches = [read_texts(one) for one in data]
        answers = iter(self.predict([text for texts in batches for text in texts]))
        return [{"predictions": [next(answers) for _ in texts]} for texts in batches]

    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        if not texts:
            return []
        with torch.inference_mode():
            shares = torch.softmax(self.model(torch.stack([self.count_words(text) for text in texts])), dim=1)
        best = shares.max(dim=1)
        return [
            {"intent": self.intents[place], "confidence": round(share, 4)}
            for share, place in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        ]

    def count_words(self, text: str) -> torch.Tensor:
        counts = torch.zeros(len(self.places))
        for word in WORD.findall(text.lower()):
            if word in self.places:
                counts[self.places[word]] += 1
        return counts


def read_texts(request: dict[str, Any]) -> list[str]:
    body: Any = request.get("body") or request.get("data")
    if isinstance(body, bytes | bytearray | str):
        body = json.loads(body)
    texts: list[str] = body["instances"]
    return texts
