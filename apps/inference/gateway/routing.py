"""Where in the gateway process a request goes, and how many there may be."""

import resource

from apps.core.uploads import Application, Receive, Scope, Send

PREFIX = "/v1/"
WANTED_FILES = 65_536


def lead_by_path(models: Application, pages: Application) -> Application:
    """What is under /v1/ goes past the framework: it costs a request more than all that is done for it here."""

    async def lead(scope: Scope, receive: Receive, send: Send) -> None:
        await (models if scope["path"].startswith(PREFIX) else pages)(scope, receive, send)

    return lead


def raise_open_files() -> None:
    """A stream holds two connections, and systems let a process have 1,024 files by default: as many as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
