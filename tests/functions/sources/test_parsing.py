import os
import signal

import pytest

from apps.functions.extraction import Extraction, SkipReason, extract_functions
from apps.functions.records import FunctionRecord
from apps.functions.sources import parsing, parsing_child
from apps.functions.sources.parsing import ParserProcess, SourceCode

pytestmark = pytest.mark.unit

SOURCE = b'class A:\n    def f(self, a):\n        """Add \xc3\xa9."""\n        return a + 1\n    def g(self): pass\n'


@pytest.fixture(scope="module")
def parser():
    with ParserProcess() as parser:
        yield parser


def extract(parser: ParserProcess, source: bytes, language: str = "python", **options: bool) -> Extraction:
    ((_, extraction),) = parser.extract_each([SourceCode(source, language, "a")], **options)
    return extraction


def pid_of(parser: ParserProcess) -> int:
    assert parser._child is not None
    return parser._child.pid


class TestExtraction:
    def test_is_what_it_is_in_this_process(self, parser):
        assert extract(parser, SOURCE) == extract_functions(SOURCE, "python", "a")

    @pytest.mark.parametrize("source", [b"", b"\n", b"\0", b'def f():\n    "\\ud800"\n    return 1 + 1\n'])
    def test_survives_odd_sources(self, parser, source):
        assert extract(parser, source) == extract_functions(source, "python", "a")

    def test_takes_many_files_in_one_process_and_in_their_order(self, parser):
        files = [SourceCode(SOURCE, "python", f"{number}.py") for number in range(50)]
        found = list(parser.extract_each(files))
        assert [file for file, _ in found] == files
        assert [extraction.functions[0].path for _, extraction in found] == [file.path for file in files]
        pid = pid_of(parser)
        assert extract(parser, SOURCE).functions
        assert pid_of(parser) == pid

    def test_of_no_files_starts_no_process(self):
        with ParserProcess() as parser:
            assert list(parser.extract_each([])) == []
            assert parser._child is None

    def test_reads_ahead_by_one_file(self, parser):
        read = []

        def files():
            for number in range(5):
                read.append(number)
                yield SourceCode(SOURCE, "python", str(number))

        for given, _ in enumerate(parser.extract_each(files())):
            assert len(read) == min(given + 2, 5)

    def test_includes_tests_when_asked(self, parser):
        source = b"#[test]\nfn f() { go() }\n"
        assert extract(parser, source, "rust").functions == ()
        assert len(extract(parser, source, "rust", include_tests=True).functions) == 1


class TestLimits:
    def test_a_process_that_ends_between_two_files_costs_neither(self, parser):
        extract(parser, SOURCE)
        os.kill(pid_of(parser), signal.SIGKILL)
        parser._child.wait()
        assert extract(parser, SOURCE).functions

    def test_a_file_that_ends_the_process_costs_itself(self):
        def files():
            yield SourceCode(b"/*/*/*/*/*\n" * 1_000, "python", "bad")
            yield SourceCode(SOURCE, "python", "good")

        with ParserProcess() as parser:
            (_, bad), (_, good) = parser.extract_each(files())
        assert [skipped.reason for skipped in bad.skipped] == [SkipReason.FILE_TOO_COSTLY]
        assert len(good.functions) == 1

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("language", "source"),
        [("java", b"a<a<a<a<a<\n" * 4_000), ("csharp", b"a<b<\n" * 12_000)],
    )
    def test_small_sources_that_take_gigabytes(self, parser, language, source):
        found = extract(parser, source, language)
        assert [skipped.reason for skipped in found.skipped] == [SkipReason.FILE_TOO_COSTLY]

    def test_a_child_that_gives_no_answer_is_ended(self, monkeypatch):
        monkeypatch.setattr(parsing, "CHILD", "import signal; signal.pause()")
        monkeypatch.setattr(parsing, "PATIENCE_SECONDS", 0.0)
        with ParserProcess() as parser:
            found = extract(parser, SOURCE)
        assert [skipped.reason for skipped in found.skipped] == [SkipReason.FILE_TOO_COSTLY]

    @pytest.mark.parametrize(("status", "is_costly"), [(parsing_child.OUT_OF_MEMORY, True), (1, False), (0, False)])
    def test_a_child_that_fails_by_itself_is_a_mistake_of_ours(self, monkeypatch, status, is_costly):
        monkeypatch.setattr(parsing, "CHILD", f"import sys; sys.stdin.readline(); sys.exit({status})")
        with ParserProcess() as parser:
            if is_costly:
                assert extract(parser, SOURCE).functions == ()
            else:
                with pytest.raises(ChildProcessError, match=f"ended with status {status}"):
                    extract(parser, SOURCE)

    def test_nothing_is_left_behind(self):
        with ParserProcess() as parser:
            extract(parser, SOURCE)
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
