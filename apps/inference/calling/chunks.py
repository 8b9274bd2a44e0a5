"""Between a whole answer and the chunks that it is streamed as."""

from collections.abc import Iterator
from typing import Any

from apps.inference.exchange import Body, Operation
from apps.inference.tokens import count_text

Part = dict[str, Any]
KINDS = {"chat.completion": "chat.completion.chunk"}


class Assembled:
    """Puts a stream's chunks together as they come, and counts the tokens in them by our own rule."""

    def __init__(self, operation: Operation) -> None:
        self._is_chat = operation is Operation.CHAT
        self._first: Part | None = None
        self._choices: dict[int, _Choice] = {}
        self.tokens = 0

    def add(self, part: Part) -> None:
        if self._first is None:
            self._first = part
        for choice in part.get("choices") or ():
            place = choice.get("index") or 0
            into = self._choices.get(place)
            if into is None:
                into = self._choices[place] = _Choice()
            if choice.get("finish_reason"):
                into.reason = choice["finish_reason"]
            if self._is_chat:
                self.tokens += into.add_delta(choice.get("delta") or {})
            else:
                self.tokens += into.add_text(choice.get("text") or "")

    def tell_usage(self, usage: dict[str, Any]) -> Part:
        """The last chunk, for who asked for the usage."""
        return tell_usage_part(self._first or {}, usage)

    def whole(self, usage: dict[str, int]) -> dict[str, Any]:
        """The answer as it would have come without streaming; of what came where it was cut."""
        head = {name: value for name, value in (self._first or {}).items() if name not in ("choices", "usage")}
        if self._is_chat:
            head["object"] = "chat.completion"
        choices = [self._choices[place].whole(place, is_chat=self._is_chat) for place in sorted(self._choices)]
        return {**head, "choices": choices, "usage": usage}


class _Choice:
    def __init__(self) -> None:
        self.reason: str | None = None
        self._texts: list[str] = []
        self._others: dict[str, list[str]] = {}
        """What is said beside the answer: why it is refused, or what was thought before."""
        self._calls: dict[int, dict[str, Any]] = {}

    def add_text(self, text: str) -> int:
        """How many tokens it has."""
        if not text:
            return 0
        self._texts.append(text)
        return count_text(text)

    def add_delta(self, delta: Part) -> int:
        tokens = 0
        for name, value in delta.items():
            if name == "content":
                tokens += self.add_text(value or "")
            elif name == "tool_calls":
                tokens += sum(map(self._add_call, value or ()))
            elif isinstance(value, str) and value and name != "role":
                self._others.setdefault(name, []).append(value)
                tokens += count_text(value)
        return tokens

    def whole(self, place: int, *, is_chat: bool) -> dict[str, Any]:
        text = "".join(self._texts)
        choice: dict[str, Any] = {"index": place, "logprobs": None, "finish_reason": self.reason}
        if not is_chat:
            return {**choice, "text": text}
        message: dict[str, Any] = {"role": "assistant", "content": text or None}
        message |= {name: "".join(texts) for name, texts in self._others.items()}
        if self._calls:
            message["tool_calls"] = [self._calls[number] for number in sorted(self._calls)]
        return {**choice, "message": message}

    def _add_call(self, piece: Part) -> int:
        new = {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
        call = self._calls.setdefault(piece.get("index") or 0, new)
        call["id"] = piece.get("id") or call["id"]
        function = piece.get("function") or {}
        tokens = 0
        for name in ("name", "arguments"):
            text = function.get(name) or ""
            call["function"][name] += text
            tokens += count_text(text)
        return tokens


def split(body: Body) -> Iterator[Part]:
    """A whole answer as chunks: each choice's content, then its end."""
    head = {name: value for name, value in body.items() if name not in ("choices", "usage")}
    head["object"] = KINDS.get(head.get("object", ""), head.get("object", ""))
    for choice in body.get("choices") or ():
        rest = {"index": choice.get("index", 0), "logprobs": None}
        message = choice.get("message")
        if message is None:
            yield {**head, "choices": [{**rest, "text": choice.get("text", ""), "finish_reason": None}]}
            yield {**head, "choices": [{**rest, "text": "", "finish_reason": choice.get("finish_reason")}]}
            continue
        delta: Part = {name: value for name, value in message.items() if isinstance(value, str | None)}
        if calls := message.get("tool_calls"):
            delta["tool_calls"] = [{"index": number, **call} for number, call in enumerate(calls)]
        yield {**head, "choices": [{**rest, "delta": delta, "finish_reason": None}]}
        yield {**head, "choices": [{**rest, "delta": {}, "finish_reason": choice.get("finish_reason")}]}


def tell_usage_part(part: Part, usage: dict[str, Any]) -> Part:
    """The last chunk, for who asked for the usage."""
    return {**part, "choices": [], "usage": usage}
