"""Reading a stream from a socket, as slowly as a test likes."""

import json
import socket
from collections.abc import Iterator
from typing import Any

from tests.inference.gateway.process import GatewayProcess


def open_socket(gateway: GatewayProcess, token: str, body: dict[str, Any], *, buffer: int = 0) -> socket.socket:
    """Sends the request and reads nothing. `buffer` is the bytes that the system takes in for a slow reader."""
    stream = socket.socket()
    if buffer:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    stream.settimeout(120)
    stream.connect(("127.0.0.1", gateway.port))
    content = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    stream.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return stream


def read_lines(stream: socket.socket) -> Iterator[str]:
    """Of the head, then of the events; the sizes of chunks between them are left out."""
    with stream.makefile("rb") as lines:
        for line in lines:
            text = line.decode().strip()
            if text == "0":
                return
            if text and not is_size(text):
                yield text


def is_size(text: str) -> bool:
    return len(text) < 8 and all(char in "0123456789abcdefABCDEF" for char in text)


def read_events(lines: Iterator[str]) -> list[Any]:
    """What `data:` lines hold; the last is "[DONE]" of a stream that ended well."""
    texts = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [text if text == "[DONE]" else json.loads(text) for text in texts]
