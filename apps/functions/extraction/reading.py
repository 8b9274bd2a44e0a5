"""From the definitions that the walker finds to functions with signature, code and a verdict on each."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from apps.functions.extraction.decoding import prepare_source
from apps.functions.extraction.grammars import parse_source
from apps.functions.extraction.results import ExtractedFunction, SkipReason
from apps.functions.extraction.spec import LanguageSpec, Names, Role
from apps.functions.extraction.walker import Definition, Walker
from apps.functions.records import LIMITS

if TYPE_CHECKING:
    from tree_sitter import Node

_NEWLINE = re.compile(rb"\n")
_INDENT = re.compile(r"[ \t]*\Z")
# After an opening bracket, and before a closing one, with the comma of a last argument on a line of its own.
_INNER_BLANKS = re.compile(r"(?<=[(\[]) |,? (?=[)\]])")
_ACCESSOR_LONGEST = 200
_ACCESSOR = re.compile(
    r"(?:\{|=>)?\s*(?:return\b)?\s*[&*@$]?\w+(?:(?:\.|->|::|\?\.)#?\w+)*\s*;?\s*\}?\Z"
    r"|\{?\s*(?:this|self|_\w+)(?:\.[\w#]+)*\s*=\s*\w+\s*;?\s*\}?\Z"
)

Verdict = tuple[ExtractedFunction, SkipReason | None]


@dataclass(slots=True)
class Reading:
    """One parsed file."""

    path: str
    source: bytes
    spec: LanguageSpec
    walker: Walker
    line_starts: list[int]
    overloads: dict[Names, str] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """Regions that could not be parsed, once `functions` has ended."""
        return self.walker.errors

    def functions(self) -> Iterator[Verdict]:
        """Yield each function of the file with why it is to be left out, or None."""
        for found in self.walker.definitions():
            body = found.node.child_by_field_name("body")
            if body is None and found.doc:
                self.overloads[found.names] = found.doc
            elif body is not None and not found.doc and found.names in self.overloads:
                # TypeScript documents the first overload; what is kept is the one with a body.
                found = replace(found, doc=self.overloads.pop(found.names))
            function = self._build(found, body)
            yield function, self._find_reason(found, body, function)

    def _build(self, found: Definition, body: "Node | None") -> ExtractedFunction:
        end = body.start_byte if body is not None else found.end
        header, head = self._read_header(found, end)
        return ExtractedFunction(
            name=found.names[-1],
            qualified_name=".".join(found.names),
            kind=self._find_kind(found),
            signature=header,
            doc=found.doc,
            code=self._read_code(found),
            path=self.path,
            line=self._line_at(head),
            end_line=self._line_at(found.end),
            is_public=self.spec.is_public(found.names, header),
        )

    def _read_header(self, found: Definition, end: int) -> tuple[str, int]:
        """Return the signature, without comments, annotations and what opens the body, and where it starts."""
        text = self._text(found.head, end)
        if not self.spec.header_noise.search(text):
            return self._tidy_header(text), found.head + len(text) - len(text.lstrip())
        parts: list[str] = []
        at = head = found.head
        for start, stop in self._find_noise(found.node, end):
            if start >= at:
                parts.append(self._text(at, start))
                at = stop
                head = head if "".join(parts).strip() else stop
        parts.append(self._text(at, end))
        rest = self._text(head, end)
        return self._tidy_header(" ".join(parts)), head + len(rest) - len(rest.lstrip())

    def _tidy_header(self, text: str) -> str:
        line = _INNER_BLANKS.sub("", " ".join(self.spec.header_end.sub("", text).split()))
        limit = LIMITS["signature"]
        return line if len(line) <= limit else line[: limit - 1] + "…"

    def _find_noise(self, node: "Node", end: int) -> Iterator[tuple[int, int]]:
        """Yield the extents of comments and annotations between a definition's start and its body, in order."""
        waiting = [node]
        while waiting:
            inner = waiting.pop()
            if self.spec.roles.get(inner.type) in (Role.COMMENT, Role.LEAD):
                yield inner.start_byte, inner.end_byte
            else:
                waiting.extend(child for child in reversed(inner.children) if child.start_byte < end)

    def _read_code(self, found: Definition) -> str:
        line_start = self.source.rfind(b"\n", 0, found.start) + 1
        indent = self._text(line_start, found.start)
        code = self._text(found.start, found.end)
        if not indent or not _INDENT.match(indent):
            return code
        # Lines of a string or comment may start further left; they stay where they are.
        return "\n".join(line.removeprefix(indent) for line in code.split("\n"))

    def _find_kind(self, found: Definition) -> str:
        if found.node.type in self.spec.constructors or found.names[-1] in self.spec.constructors:
            return "constructor"
        return "method" if found.is_method or found.node.type.startswith("method") else "function"

    def _find_reason(self, found: Definition, body: "Node | None", function: ExtractedFunction) -> SkipReason | None:
        if body is None:
            return SkipReason.NO_BODY
        if len(function.name) > LIMITS["name"] or len(function.qualified_name) > LIMITS["qualified_name"]:
            return SkipReason.UNNAMED
        if self._is_test(found, body):
            return SkipReason.TEST
        if body.type in self.spec.blocks and not any(
            self.spec.roles.get(child.type) is not Role.COMMENT for child in body.named_children
        ):
            return SkipReason.EMPTY
        stub = self.spec.stub_of(body, self.source)
        if stub is not None:
            return stub
        if not found.doc and found.is_nested:
            return SkipReason.NESTED
        if not found.doc and self._is_accessor(body):
            return SkipReason.ACCESSOR
        return SkipReason.TOO_LONG if len(function.code) > LIMITS["code"] else None

    def _is_test(self, found: Definition, body: "Node") -> bool:
        if not self.spec.test_scopes.isdisjoint(found.names[:-1]):
            return True
        mark = self.spec.test_mark
        return mark is not None and mark.search(self._text(found.start, body.start_byte)) is not None

    def _is_accessor(self, body: "Node") -> bool:
        if body.end_byte - body.start_byte > _ACCESSOR_LONGEST:
            return False
        return _ACCESSOR.match(self._text(body.start_byte, body.end_byte)) is not None

    def _line_at(self, offset: int) -> int:
        return bisect_right(self.line_starts, offset)

    def _text(self, start: int, end: int) -> str:
        return self.source[start:end].decode("utf-8", "replace")


def read_source(source: bytes, spec: LanguageSpec, *, language: str, path: str) -> Reading:
    """Parse a file. Raises UnfitSource when it is not to be parsed."""
    clean = prepare_source(source, language=language)
    tree = parse_source(clean, spec)
    line_starts = [0, *(match.end() for match in _NEWLINE.finditer(clean))]
    return Reading(path, clean, spec, Walker(tree, spec, clean, name_file(path)), line_starts)


def name_file(path: str) -> str:
    """Return what a file's default export is called: its name without the ending, for an index its folder's."""
    parts = [part for part in path.split("/") if part]
    stem = parts[-1].partition(".")[0] if parts else ""
    if stem == "index" and len(parts) > 1:
        stem = parts[-2]
    return stem or "default"
