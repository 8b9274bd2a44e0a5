"""The process that parses source code for `parsing.ParserProcess`, with limits of its own.

It reads a request, a line of JSON and then as many bytes of source as that says, from standard input, and writes its
answer as a line of JSON, until there are no more.
"""

import json
import os
import resource
import sys
from dataclasses import fields
from operator import attrgetter
from typing import Any, BinaryIO

from apps.functions.extraction import ExtractedFunction, extract_functions, extract_main_function

MEMORY_BYTES = 1_000_000_000
CPU_SECONDS = 10
# Told apart from a mistake in the program, which ends with 1.
OUT_OF_MEMORY = 3

_row = attrgetter(*(field.name for field in fields(ExtractedFunction)))


def answer(request: dict[str, Any], source: bytes) -> dict[str, Any]:
    """Return the functions of a file, or of a piece of code called `name`, as rows."""
    if "name" in request:
        found = extract_main_function(source.decode("utf-8", "replace"), request["language"], request["name"])
        return {"functions": [_row(found)] if found else []}
    extraction = extract_functions(source, request["language"], request["path"], include_tests=request["include_tests"])
    return {
        "functions": [_row(function) for function in extraction.functions],
        "skipped": [(skipped.line, skipped.reason) for skipped in extraction.skipped],
        "errors": extraction.errors,
    }


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the other side has no more to ask, or is gone."""
    while header := requests.readline():
        allow_seconds(CPU_SECONDS)
        request = json.loads(header)
        try:
            line = json.dumps(answer(request, requests.read(request["size"]))).encode("ascii")
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        answers.write(line + b"\n")
        answers.flush()


def allow_seconds(seconds: int) -> None:
    """Let the kernel end this process when it has used so many more seconds of processor time."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def main() -> None:
    """Take limits, then serve."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)
