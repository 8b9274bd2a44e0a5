"""Serves the language model of a home on an OpenAI-style address: `python -m apps.inference.local_model.serve`.

A process of its own, since the model holds gigabytes and its code could end the process. It listens on this machine
only, at a port that the kernel chooses, and answers to a key made for this start: both lie in the home, in a file that
only its owner reads. Ends on SIGTERM; who supervises it ties it to its own life.
"""

import os
import secrets
import signal
import sys
from typing import TYPE_CHECKING

from django.conf import settings

from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.home import Home, resolve_home
from apps.core.embedded.language_model import (
    PACKAGE,
    ModelFile,
    Server,
    find_model,
    forget_server,
    identify_process,
    is_installed,
    read_server,
    write_server,
)
from apps.inference.local_model.errors import ModelFileError
from apps.inference.local_model.gguf import read_header

if TYPE_CHECKING:
    from xllamacpp import CommonParams

FAILED, WRONG_USE = 1, 2
HOST = "127.0.0.1"
STOPS = {signal.SIGTERM, signal.SIGINT}
CACHE_MEGABYTES = 256  # of prompts that may come again
HTTP_THREADS = 32  # each request holds one, those that wait for a slot too, and the health page must get one
TIMEOUT_SECONDS = 600
WARNINGS = 2  # llama.cpp's least level that is logged


def main() -> int:
    """Exit status: 0 stopped when asked, 1 the model cannot be run, 2 there is none, or it is served already."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # the server's threads inherit it: the wait below gets the signal
    home = resolve_home()
    try:
        model = choose_model(home)
        serve(home, model)
    except (EmbeddedError, ModelFileError, OSError, RuntimeError) as error:
        print(f"no language model: {error}", file=sys.stderr)  # noqa: T201 - the command's answer
        return WRONG_USE if isinstance(error, EmbeddedError) else FAILED
    return 0


def choose_model(home: Home) -> ModelFile:
    """Raises EmbeddedError when there is nothing to serve, or nothing to serve it with."""
    if read_server(home):
        raise EmbeddedError(f"the one of {home.path} is running")
    model = find_model(settings.LANGUAGE_MODEL, settings.MODELS_DIR)
    if model is None:
        raise EmbeddedError(f"LANGUAGE_MODEL is {settings.LANGUAGE_MODEL}, and make model has fetched none")
    if not is_installed():
        raise EmbeddedError(f"{PACKAGE} is not installed: make model")
    return model


def serve(home: Home, model: ModelFile) -> None:
    """Returns when somebody asks to stop."""
    import xllamacpp

    forget_server(home)
    context, slots = choose_context(model), settings.LANGUAGE_MODEL_SLOTS
    key = secrets.token_urlsafe(32)
    server = xllamacpp.Server(make_params(model, key, context=context, slots=slots))
    address = f"{server.listening_address}/v1"
    write_server(home, Server(address, key, model.name, context, slots, identify_process(os.getpid())))
    print(f"{model.name} on {address}, {context} tokens, {slots} at a time", flush=True)  # noqa: T201 - a line of its log
    signal.sigwait(STOPS)
    forget_server(home)


def choose_context(model: ModelFile) -> int:
    """The tokens asked for, or what the model was trained for where that is less."""
    trained = read_header(model.path).context
    return min(settings.LANGUAGE_MODEL_CONTEXT, trained) if trained else settings.LANGUAGE_MODEL_CONTEXT


def make_params(model: ModelFile, key: str, *, context: int, slots: int) -> "CommonParams":
    """What llama.cpp's server is started with; each slot has a context of its own."""
    from xllamacpp import CommonParams

    params = CommonParams()
    params.model.path = str(model.path)
    params.model_alias = {model.name}
    params.hostnames, params.port, params.api_keys = [HOST], 0, [key]
    params.cors_origins = ""
    params.ui = params.endpoint_slots = params.fit_params = False
    params.endpoint_metrics = True
    params.n_parallel, params.n_ctx, params.kv_unified = slots, slots * context, False
    threads = settings.LANGUAGE_MODEL_THREADS or len(os.sched_getaffinity(0))
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib, params.n_threads_http = CACHE_MEGABYTES, HTTP_THREADS
    params.timeout_read = params.timeout_write = TIMEOUT_SECONDS
    params.verbosity = WARNINGS
    return params


if __name__ == "__main__":
    sys.exit(main())
