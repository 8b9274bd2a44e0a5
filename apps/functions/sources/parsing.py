"""Parsing in a process apart: some sources make tree-sitter take minutes, gigabytes, or its process down."""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from apps.functions.extraction import ExtractedFunction, Extraction, Skipped, SkipReason
from apps.functions.languages import LANGUAGES
from apps.functions.records import LIMITS, FunctionRecord
from apps.functions.sources.parsing_child import OUT_OF_MEMORY

PROJECT = Path(__file__).resolve().parents[3]
CHILD = "from apps.functions.sources.parsing_child import main; main()"
# The kernel ends a child after its seconds of processor time; this is for a machine too busy to give it those.
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class SourceCode:
    """A file to extract functions from."""

    source: bytes
    language: str
    path: str


class ParserProcess:
    """Extracts functions in a child, which starts with the first request, and anew after a source that ended it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def extract_each(
        self, files: Iterable[SourceCode], *, include_tests: bool = False
    ) -> Iterator[tuple[SourceCode, Extraction]]:
        """Do for each file what `extract_functions` does; one that costs too much is skipped as a whole.

        The next file is parsed while the caller is busy with what this gave last.
        """
        sent: SourceCode | None = None
        for file in files:
            extraction = self._receive_extraction(sent.path) if sent else None
            request = {"language": file.language, "path": file.path, "include_tests": include_tests}
            self._send(request, file.source)
            if sent and extraction:
                yield sent, extraction
            sent = file
        if sent:
            yield sent, self._receive_extraction(sent.path)

    def enrich(self, record: FunctionRecord) -> FunctionRecord:
        """Fill a record's missing signature and description from its code, where its language is one of LANGUAGES."""
        if record.language not in LANGUAGES or not record.code or (record.signature and record.description):
            return record
        request = {"language": record.language, "name": record.name}
        self._send(request, record.code.encode("utf-8", "replace"))
        answer = self._receive()
        if answer is None or not answer["functions"]:
            return record
        found = ExtractedFunction(*answer["functions"][0])
        return replace(
            record,
            signature=record.signature or found.signature[: LIMITS["signature"]],
            description=record.description or found.doc,
        )

    def close(self) -> None:
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None
        assert child.stdout is not None
        child.kill()
        child.wait()
        child.stdout.close()
        # What was not written when the child went away cannot be.
        with suppress(BrokenPipeError):
            child.stdin.close()

    def _receive_extraction(self, path: str) -> Extraction:
        answer = self._receive()
        if answer is None:
            return Extraction(skipped=(Skipped(path, 1, SkipReason.FILE_TOO_COSTLY),))
        return Extraction(
            tuple(ExtractedFunction(*row) for row in answer["functions"]),
            tuple(Skipped(path, line, SkipReason(reason)) for line, reason in answer["skipped"]),
            answer["errors"],
        )

    def _send(self, request: Mapping[str, object], source: bytes) -> None:
        if self._child is not None and self._child.poll() is not None:
            # It ended between two sources: that is the fault of neither.
            self.close()
        child = self._child = self._child or _start_child()
        assert child.stdin is not None
        header = json.dumps({**request, "size": len(source)}).encode("ascii")
        # A child that is gone is found out about when it gives no answer.
        with suppress(BrokenPipeError):
            child.stdin.write(header + b"\n" + source)
            child.stdin.flush()

    def _receive(self) -> Any:
        """Return the child's answer, None when the source ended it. Raises ChildProcessError for a child that fails."""
        child = self._child
        assert child is not None
        assert child.stdout is not None
        if not _wait_for(child):
            child.kill()
        line = child.stdout.readline()
        if line.endswith(b"\n"):
            return json.loads(line)
        self._bury(child)
        return None

    def _bury(self, child: subprocess.Popen[bytes]) -> None:
        status = child.wait()
        self.close()
        if status >= 0 and status != OUT_OF_MEMORY:
            raise ChildProcessError(f"the process that parses source code ended with status {status}")


def _start_child() -> subprocess.Popen[bytes]:
    # It finds what this process finds, wherever that was started. A session of its own: Ctrl-C is for the parent, and
    # this ends with it, its input being closed.
    path = os.pathsep.join([str(PROJECT), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, "-c", CHILD],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def _wait_for(child: subprocess.Popen[bytes]) -> bool:
    """Wait until the child answers or ends; return False when it did neither in PATIENCE_SECONDS."""
    assert child.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        return bool(selector.select(PATIENCE_SECONDS))
