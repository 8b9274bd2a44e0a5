"""A server that speaks OpenAI's protocol (and TorchServe's) over HTTP/1.1 and behaves as tests and benchmarks tell it.

    python -m tests.scripted --port 0            # prints its address, ends when its standard input does
    with scripted_server() as server: ...        # the same, as a subprocess that dies with its parent

Nothing it answers is learnt: texts follow from the question's checksum, vectors from the text's, and tokens are counted
by one simple rule (`tokens.py`), so that a test can say beforehand what a call costs. What it does with a request
depends on the model's name (`models.py`) and on the steps that a test has queued for that name (`steps.py`):

    POST /_script    {"model": "scripted-chat", "steps": [{"status": 500}, {"delay": 2}, {"ok": true}]}
    GET  /_counts    what it served, by model and outcome
    GET  /_requests  the last requests as they came
    POST /_deadline  {"seconds": 0.5}: requests that come later are counted as such
    POST /_reset     forgets steps, counts and requests
"""

from tests.scripted.starting import ScriptedServer, scripted_server

__all__ = ["ScriptedServer", "scripted_server"]
