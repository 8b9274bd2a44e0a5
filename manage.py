#!/usr/bin/env python
"""Touchstone's command line. Commands that need the databases get them: the running stack's, or their own."""

import os
import sys

from apps.core.embedded.death import SUPERVISED
from apps.core.embedded.errors import EmbeddedError, UsageError
from apps.core.embedded.home import resolve_home

# These work without a database, or bring their own.
WITHOUT_SERVICES = frozenset(
    {
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "help",
        "makemigrations",
        "makemessages",
        "spectacular",
        "startapp",
        "test",
        "up",
        "version",
    }
)
# These change the schema or look at it as it is: no migration is applied before them.
ON_ANY_SCHEMA = frozenset({"migrate", "prepare", "showmigrations", "sqlmigrate", "dbshell", "restore"})


def take_home(arguments: list[str]) -> list[str]:
    """The command line without `--home DIR`, which becomes TOUCHSTONE_HOME. Raises UsageError without a folder."""
    rest: list[str] = []
    given = iter(arguments)
    for argument in given:
        if argument != "--home" and not argument.startswith("--home="):
            rest.append(argument)
            continue
        folder = argument.partition("=")[2] or next(given, "")
        if not folder:
            raise UsageError("--home needs a folder")
        os.environ["TOUCHSTONE_HOME"] = os.path.abspath(os.path.expanduser(folder))
    return rest


def needs_services(arguments: list[str]) -> bool:
    """Whether this command line asks the database anything. A child of `up` has the services already."""
    if SUPERVISED in os.environ or not arguments or {"-h", "--help", "--version"} & set(arguments):
        return False
    return arguments[0] not in WITHOUT_SERVICES and not arguments[0].startswith("-")


def run_command(arguments: list[str]) -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *arguments])


def run_with_services(arguments: list[str]) -> None:
    from apps.core.embedded.session import embedded_services
    from apps.core.embedded.stamp import forget_prepared

    home = resolve_home()
    with embedded_services(home) as ours:
        if arguments[0] in ON_ANY_SCHEMA:
            forget_prepared(home)
        elif ours:
            import django

            from apps.core.embedded.migrations import apply_migrations

            django.setup()
            apply_migrations()
        run_command(arguments)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    try:
        arguments = take_home(sys.argv[1:])
        if arguments[:1] == ["up"]:
            from apps.core.embedded.up import main as run_up

            sys.exit(run_up(arguments[1:]))
        elif needs_services(arguments):
            run_with_services(arguments)
        else:
            run_command(arguments)
    except EmbeddedError as error:
        print(f"touchstone: {error}", file=sys.stderr)  # noqa: T201 - the command's answer
        sys.exit(2 if isinstance(error, UsageError) else 1)


if __name__ == "__main__":
    main()
