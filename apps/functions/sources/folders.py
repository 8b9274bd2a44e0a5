"""Which files of a source tree are read: a walk that follows no link and leaves out what nobody searches."""

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from apps.functions.languages import language_of_path
from apps.functions.records import RecordProblem

TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "testdata"})
DEPENDENCY_FOLDERS = frozenset({"node_modules", "bower_components", "vendor", "site-packages", "dist-packages"})
CACHE_FOLDERS = frozenset({"__pycache__"})
OUTPUT_FOLDERS = frozenset({"build", "dist", "out", "target", "_build"})
# A folder called build is output beside one of these, and may be a package like any other where there is none.
MANIFESTS = frozenset(
    {
        *("setup.py", "setup.cfg", "pyproject.toml", "package.json", "pom.xml", "build.gradle", "build.gradle.kts"),
        *("Cargo.toml", "go.mod", "CMakeLists.txt", "Makefile"),
    }
)
TEST_FILE = re.compile(
    r"(?:test_.*|.+_test|conftest)\.py|.+_test\.go|.+\.(?:test|spec)\.[cm]?[jt]sx?|.+Tests?\.(?:java|cs)|tests?\.rs"
)
MINIFIED_FILE = re.compile(r".+[.-]min\.[cm]?js")
DECLARATION_FILE = re.compile(r".+\.d\.[cm]?ts")

LINK = "symbolic link, not followed"
SPECIAL = "neither file nor folder"
HIDDEN = "hidden file or folder"
TEST_FOLDER = "folder of tests"
DEPENDENCY_FOLDER = "folder of dependencies"
CACHE_FOLDER = "folder of cached files"
OUTPUT_FOLDER = "folder of build output"
ENVIRONMENT = "virtual environment"
LEFT_OUT = "folder left out of the standard library"
OTHER_FILE = "file that is no source code in a known language"
OTHER_LANGUAGE = "file in another language"
TEST = "test file"
MINIFIED = "minified file"
DECLARATIONS = "file of declarations without bodies"


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file to read: where it is, its path in the tree with slashes, and its language."""

    location: Path
    path: str
    language: str


@dataclass(slots=True)
class Listing:
    """The files of a tree in the order of their paths, what was left out by reason, and what could not be listed."""

    files: list[TreeFile] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    problems: list[RecordProblem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a tree is wanted: one language or all, its tests or not; `left_out` are folder names."""

    language: str | None = None
    include_tests: bool = False
    left_out: frozenset[str] = frozenset()


def list_files(root: Path, selection: Selection) -> Listing:
    """Walk a tree. Links are never followed, so that no loop and no way out of the tree exists."""
    listing = Listing()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except OSError as error:
            listing.problems.append(RecordProblem(show_path(folder, root), "file", explain_os_error(error)))
            continue
        has_manifest = folder == root or any(entry.name in MANIFESTS for entry in found)
        for entry in found:
            if entry.is_symlink():
                listing.skipped[LINK] += 1
            elif entry.is_dir(follow_symlinks=False):
                reason = _judge_folder(entry, selection, has_manifest=has_manifest)
                if reason:
                    listing.skipped[reason] += 1
                else:
                    waiting.append(folder / entry.name)
            else:
                _add_file(entry, folder, root, selection, listing)
    listing.files.sort(key=lambda file: file.path)
    listing.problems.sort(key=lambda problem: problem.location)
    return listing


def judge_file(name: str, selection: Selection) -> str | None:
    """Return why a file is left out for its name alone, or None."""
    language = language_of_path(name)
    if language is None:
        return OTHER_FILE
    if name.startswith("."):
        return HIDDEN
    if selection.language not in (None, language):
        return OTHER_LANGUAGE
    if DECLARATION_FILE.fullmatch(name):
        return DECLARATIONS
    if MINIFIED_FILE.fullmatch(name):
        return MINIFIED
    return TEST if TEST_FILE.fullmatch(name) and not selection.include_tests else None


def show_path(path: Path, root: Path) -> str:
    """Return a path within the tree with slashes; bytes of a name that are no UTF-8 are replaced."""
    relative = path.relative_to(root).as_posix()
    return os.fsencode(relative).decode("utf-8", "replace")


def explain_os_error(error: OSError) -> str:
    """Return what the system said, for people."""
    return f"cannot be read: {error.strerror or type(error).__name__}"


def _judge_folder(entry: os.DirEntry[str], selection: Selection, *, has_manifest: bool) -> str | None:
    name = entry.name.lower()
    if name in CACHE_FOLDERS:
        return CACHE_FOLDER
    if name.startswith("."):
        return HIDDEN
    if name in DEPENDENCY_FOLDERS:
        return DEPENDENCY_FOLDER
    if name in selection.left_out:
        return LEFT_OUT
    if (name in TEST_FOLDERS or name.endswith((".tests", ".test"))) and not selection.include_tests:
        return TEST_FOLDER
    if name in OUTPUT_FOLDERS and has_manifest:
        return OUTPUT_FOLDER
    return ENVIRONMENT if os.path.lexists(os.path.join(entry.path, "pyvenv.cfg")) else None


def _add_file(entry: os.DirEntry[str], folder: Path, root: Path, selection: Selection, listing: Listing) -> None:
    language = language_of_path(entry.name)
    reason = judge_file(entry.name, selection) if entry.is_file(follow_symlinks=False) else SPECIAL
    if reason or language is None:
        listing.skipped[reason or OTHER_FILE] += 1
    else:
        location = folder / entry.name
        listing.files.append(TreeFile(location, show_path(location, root), language))
