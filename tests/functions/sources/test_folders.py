import os

import pytest

from apps.functions.records import RecordProblem
from apps.functions.sources import folders
from apps.functions.sources.folders import Selection, judge_file, list_files

pytestmark = pytest.mark.unit


def make(root, *paths: str):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    return root


def paths_of(listing) -> list[str]:
    return [file.path for file in listing.files]


def test_files_come_in_the_order_of_their_paths(tmp_path):
    listing = list_files(make(tmp_path, "b.py", "a/z.go", "a/b/c.rs", "README.md"), Selection())
    assert [(file.path, file.language) for file in listing.files] == [
        ("a/b/c.rs", "rust"),
        ("a/z.go", "go"),
        ("b.py", "python"),
    ]
    assert listing.skipped == {folders.OTHER_FILE: 1}


def test_one_language_can_be_asked_for(tmp_path):
    listing = list_files(make(tmp_path, "a.py", "b.go"), Selection(language="go"))
    assert paths_of(listing) == ["b.go"]
    assert listing.skipped == {folders.OTHER_LANGUAGE: 1}


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        (".git", folders.HIDDEN),
        (".venv", folders.HIDDEN),
        ("node_modules", folders.DEPENDENCY_FOLDER),
        ("lib/vendor", folders.DEPENDENCY_FOLDER),
        ("lib/site-packages", folders.DEPENDENCY_FOLDER),
        ("__pycache__", folders.CACHE_FOLDER),
        ("tests", folders.TEST_FOLDER),
        ("pkg/Test", folders.TEST_FOLDER),
        ("App.Tests", folders.TEST_FOLDER),
        ("build", folders.OUTPUT_FOLDER),
        ("target", folders.OUTPUT_FOLDER),
    ],
)
def test_folders_nobody_searches_are_left_out(tmp_path, folder, reason):
    listing = list_files(make(tmp_path, "kept.py", f"{folder}/a.py"), Selection())
    assert paths_of(listing) == ["kept.py"]
    assert listing.skipped == {reason: 1}


def test_a_package_called_build_is_no_output(tmp_path):
    make(tmp_path, "go/build/a.go", "app/package.json", "app/build/b.js", "env/pyvenv.cfg", "env/lib/c.py")
    assert paths_of(list_files(tmp_path, Selection())) == ["go/build/a.go"]


def test_tests_come_when_asked_for(tmp_path):
    make(tmp_path, "tests/test_a.py", "a_test.go", "vendor/b.py")
    assert paths_of(list_files(tmp_path, Selection())) == []
    assert paths_of(list_files(tmp_path, Selection(include_tests=True))) == ["a_test.go", "tests/test_a.py"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.py", None),
        ("contest.py", None),
        ("Latest.java", None),
        ("Test.java", None),
        ("a.txt", folders.OTHER_FILE),
        (".hidden.py", folders.HIDDEN),
        ("test_a.py", folders.TEST),
        ("a_test.go", folders.TEST),
        ("a.spec.tsx", folders.TEST),
        ("BoxTest.java", folders.TEST),
        ("BoxTests.cs", folders.TEST),
        ("tests.rs", folders.TEST),
        ("a.min.js", folders.MINIFIED),
        ("a.d.ts", folders.DECLARATIONS),
    ],
)
def test_files_are_judged_by_their_names(name, reason):
    assert judge_file(name, Selection()) == reason


def test_links_are_never_followed(tmp_path):
    outside = make(tmp_path / "outside", "secret.py")
    tree = make(tmp_path / "tree", "a.py")
    (tree / "loop").symlink_to(tree)
    (tree / "self").symlink_to("self")
    (tree / "out").symlink_to(outside)
    (tree / "out.py").symlink_to(outside / "secret.py")
    (tree / "dangling.py").symlink_to("nowhere")
    listing = list_files(tree, Selection())
    assert paths_of(listing) == ["a.py"]
    assert listing.skipped == {folders.LINK: 5}


def test_pipes_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    assert list_files(tmp_path, Selection()).skipped == {folders.SPECIAL: 1}


def test_a_folder_that_cannot_be_listed_is_told(tmp_path, monkeypatch):
    make(tmp_path, "a.py", "closed/b.py")
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_files(tmp_path, Selection())
    assert paths_of(listing) == ["a.py"]
    assert listing.problems == [RecordProblem("closed", "file", "cannot be read: Permission denied")]


def test_names_that_are_not_utf_8_are_shown(tmp_path):
    with open(os.fsencode(tmp_path) + b"/caf\xe9.py", "w"):
        pass
    assert paths_of(list_files(tmp_path, Selection())) == ["caf\ufffd.py"]
