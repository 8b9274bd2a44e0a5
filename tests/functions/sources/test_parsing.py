import os
import signal

import pytest

from apps.functions.extraction import SkipReason, extract_functions
from apps.functions.records import FunctionRecord
from apps.functions.sources import parsing, parsing_child
from apps.functions.sources.parsing import ParserProcess

pytestmark = pytest.mark.unit

SOURCE = b'class A:\n    def f(self, a):\n        """Add \xc3\xa9."""\n        return a + 1\n    def g(self): pass\n'


@pytest.fixture(scope="module")
def parser():
    with ParserProcess() as parser:
        yield parser


def pid_of(parser: ParserProcess) -> int:
    assert parser._child is not None
    return parser._child.pid


class TestExtraction:
    def test_is_what_it_is_in_this_process(self, parser):
        assert parser.extract(SOURCE, "python", "a.py") == extract_functions(SOURCE, "python", "a.py")

    @pytest.mark.parametrize("source", [b"", b"\n", b"\0", b'def f():\n    "\\ud800"\n    return 1 + 1\n'])
    def test_survives_odd_sources(self, parser, source):
        assert parser.extract(source, "python", "a.py") == extract_functions(source, "python", "a.py")

    def test_takes_many_files_in_one_process(self, parser):
        first = pid_of(parser) if parser.extract(SOURCE, "python", "a.py") else 0
        assert all(parser.extract(SOURCE, "python", f"{number}.py").functions for number in range(50))
        assert pid_of(parser) == first

    def test_includes_tests_when_asked(self, parser):
        source = b"#[test]\nfn f() { go() }\n"
        assert parser.extract(source, "rust", "a.rs").functions == ()
        assert len(parser.extract(source, "rust", "a.rs", include_tests=True).functions) == 1


class TestLimits:
    def test_a_source_that_ends_the_process_costs_itself(self, parser):
        parser.extract(SOURCE, "python", "a.py")
        os.kill(pid_of(parser), signal.SIGKILL)
        assert [skipped.reason for skipped in parser.extract(SOURCE, "python", "a.py").skipped] == [
            SkipReason.FILE_TOO_COSTLY
        ]
        assert parser.extract(SOURCE, "python", "a.py").functions

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("language", "source"),
        [("python", b"/*/*/*/*/*\n" * 1_000), ("java", b"a<a<a<a<a<\n" * 4_000), ("csharp", b"a<b<\n" * 12_000)],
    )
    def test_small_sources_that_take_gigabytes(self, parser, language, source):
        found = parser.extract(source, language, "a")
        assert [skipped.reason for skipped in found.skipped] == [SkipReason.FILE_TOO_COSTLY]

    def test_a_child_that_gives_no_answer_is_ended(self, monkeypatch):
        monkeypatch.setattr(parsing, "PATIENCE_SECONDS", 0.0)
        with ParserProcess() as parser:
            found = parser.extract(SOURCE, "python", "a.py")
        assert [skipped.reason for skipped in found.skipped] == [SkipReason.FILE_TOO_COSTLY]

    @pytest.mark.parametrize(("status", "is_costly"), [(parsing_child.OUT_OF_MEMORY, True), (1, False), (0, False)])
    def test_a_child_that_fails_by_itself_is_a_mistake_of_ours(self, monkeypatch, status, is_costly):
        monkeypatch.setattr(parsing, "CHILD", f"import sys; sys.stdin.readline(); sys.exit({status})")
        with ParserProcess() as parser:
            if is_costly:
                assert parser.extract(SOURCE, "python", "a.py").functions == ()
            else:
                with pytest.raises(ChildProcessError, match=f"ended with status {status}"):
                    parser.extract(SOURCE, "python", "a.py")

    def test_nothing_is_left_behind(self):
        with ParserProcess() as parser:
            parser.extract(SOURCE, "python", "a.py")
            pid = pid_of(parser)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


class TestEnrich:
    CODE = 'def f(a):\n    """Add one."""\n    return a + 1'

    def test_fills_what_is_missing(self, parser):
        record = parser.enrich(FunctionRecord("1", "f", "python", code=self.CODE))
        assert (record.signature, record.description) == ("def f(a)", "Add one.")

    def test_leaves_what_is_there(self, parser):
        record = parser.enrich(FunctionRecord("1", "f", "python", code=self.CODE, description="Mine."))
        assert (record.signature, record.description) == ("def f(a)", "Mine.")
        full = FunctionRecord("1", "f", "python", code=self.CODE, description="Mine.", signature="f")
        assert parser.enrich(full) is full

    @pytest.mark.parametrize(
        "record",
        [
            FunctionRecord("1", "f", "ruby", code="def f; end"),
            FunctionRecord("1", "f", "python", description="Only words."),
            FunctionRecord("1", "f", "python", code="no function"),
            FunctionRecord("1", "f", "python", code="x = '\ud800'"),
        ],
    )
    def test_leaves_what_it_cannot_read(self, parser, record):
        assert parser.enrich(record) is record

    def test_starts_no_process_for_nothing(self):
        with ParserProcess() as parser:
            parser.enrich(FunctionRecord("1", "f", "python", description="Only words."))
            assert parser._child is None
