"""python -m tests.scripted [--host 127.0.0.1] [--port 0] [--key scripted-key] [--with-parent]"""

import argparse
import asyncio
import gc
import signal
import sys

from tests.scripted.server import serve
from tests.scripted.starting import KEY


async def run(options: argparse.Namespace) -> None:
    until = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, until.set)
    if options.with_parent:
        loop.add_reader(sys.stdin.fileno(), until.set)
    await serve(options.host, options.port, options.key, until)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--with-parent", action="store_true", help="end when the standard input is closed")
    gc.freeze()
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
