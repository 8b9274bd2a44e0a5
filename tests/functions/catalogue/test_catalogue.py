"""The shipped catalogue: complete, well-formed, parsed by the grammars and, where a toolchain is present, run."""

import shutil
import tomllib
from collections import Counter

import pytest

from apps.functions.extraction.grammars import parse_source
from apps.functions.extraction.registry import load_spec
from apps.functions.services.demo import CATALOGUE
from apps.functions.sources import open_source
from tests.functions.catalogue import run_java, run_javascript, run_python, run_rust
from tests.functions.sources.support import read

LANGUAGES = ("python", "javascript", "java", "go", "rust", "csharp")
WANTED = {"name", "signature", "description", "keywords", "action", "data_type", "complexity", "code", "usage"}
RUNNERS = {
    "python": ("python3", run_python.run_checks),
    "javascript": ("node", run_javascript.run_checks),
    "java": ("javac", run_java.run_checks),
    "rust": ("rustc", run_rust.run_checks),
}

pytestmark = pytest.mark.unit


def list_functions(language):
    files = sorted((CATALOGUE / language).glob("*.toml"))
    return [function for path in files for function in tomllib.loads(path.read_text("utf-8"))["function"]]


FUNCTIONS = {language: list_functions(language) for language in LANGUAGES}


def test_there_is_enough_of_every_language():
    counts = {language: len(functions) for language, functions in FUNCTIONS.items()}

    assert min(counts.values()) >= 150, counts
    assert sum(counts.values()) >= 1_200, counts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_function_has_everything(language):
    for function in FUNCTIONS[language]:
        name = function.get("name")
        assert set(function) - {"check"} == WANTED, name
        assert all(function[field] for field in WANTED), name
        assert function["description"].rstrip()[-1] == ".", name
        assert len(function["keywords"]) >= 2, name
        assert function["action"] == function["action"].lower(), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_and_descriptions_are_different(language):
    for field in ("name", "description"):
        counts = Counter(function[field] for function in FUNCTIONS[language])
        assert [value for value, times in counts.items() if times > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_code_parses_without_an_error(language):
    spec = load_spec(language, "")
    broken = []
    for function in FUNCTIONS[language]:
        code = function["code"].encode()
        wrapped = [before + code + after for before, after in ((b"", b""), *spec.wrappers)]
        if all(parse_source(source, spec).root_node.has_error for source in wrapped):
            broken.append(function["name"])
    assert broken == []


def test_it_is_imported_without_a_problem():
    records, problems = read(open_source(CATALOGUE))

    assert problems == []
    assert Counter(record.language for record in records) == {name: len(own) for name, own in FUNCTIONS.items()}


@pytest.mark.slow(seconds=10)
@pytest.mark.parametrize("language", RUNNERS)
def test_all_code_does_what_its_checks_say(language):
    program, run_checks = RUNNERS[language]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here")
    checked = [function for function in FUNCTIONS[language] if function.get("check")]
    assert len(checked) >= 0.8 * len(FUNCTIONS[language])

    assert run_checks(FUNCTIONS[language]) == {}
