"""The models there are from the start: what each does, its name says."""

from tests.scripted.steps import Step

CHAT = "scripted-chat"
EMBEDDING = "scripted-embedding"
INTENT = "intent"
"""What TorchServe's part serves, and OpenAI's does not list."""

BY_NAME = {
    CHAT: Step(),
    EMBEDDING: Step(),
    INTENT: Step(),
    "scripted-slow": Step(delay=2.0, chunk_delay=0.2),
    "scripted-long": Step(tokens=200, chunk_delay=0.02, hang_after=20),
    "scripted-broken": Step(status=500),
    "scripted-away": Step(status=503, retry_after=1),
    "scripted-limited": Step(status=429, retry_after=1),
    "scripted-cut": Step(cut_after=3, chunk_delay=0.3),
    "scripted-wrong-json": Step(wrong_json=True),
    "scripted-wrong-schema": Step(wrong_schema=True),
    "scripted-hang": Step(hang=True),
    "scripted-reset": Step(reset=True),
}
