"""Compiles the Java functions of the catalogue in one call of javac and runs their checks in one process."""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

TIMEOUT = 600
# Neither runs long enough to earn back threads that compile well or collect garbage at once.
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_IMPORT = re.compile(r"import\s+[\w.* ]+;")
_LOCATED = re.compile(r"(?:.*[/\\])?[FC](\d+)\.java:\d+: ")

# Each check has a thread of its own, so that one that hangs does not keep the others from running.
_MAIN = """
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;

class Main {
    public static void main(String[] numbers) throws Exception {
        for (String number : numbers) {
            String[] verdict = {"takes more than 120 seconds"};
            Thread thread = new Thread(() -> verdict[0] = run(number));
            thread.setDaemon(true);
            thread.start();
            thread.join(120_000);
            Files.writeString(Path.of("verdict" + number), verdict[0]);
        }
        Runtime.getRuntime().halt(0);
    }

    static String run(String number) {
        try {
            Method check = Class.forName("C" + number).getDeclaredMethod("runChecks");
            check.setAccessible(true);
            check.invoke(null);
            return "";
        } catch (Throwable thrown) {
            StringWriter text = new StringWriter();
            boolean isInner = thrown instanceof InvocationTargetException && thrown.getCause() != null;
            (isInner ? thrown.getCause() : thrown).printStackTrace(new PrintWriter(text));
            return text.toString();
        }
    }
}
"""


def run_checks(functions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what is wrong with each function that does not compile or whose check fails, by name."""
    with tempfile.TemporaryDirectory() as folder:
        for number, function in enumerate(functions):
            _write_classes(Path(folder), number, function["code"], function.get("check", ""))
        wrong = _compile(folder) or _run(folder, [n for n, function in enumerate(functions) if function.get("check")])
    return {functions[number]["name"]: text for number, text in wrong.items()}


def _write_classes(folder: Path, number: int, code: str, check: str) -> None:
    """Write the code as class F, which has only its own imports, and the check as class C, which extends F."""
    imports, body = _split_imports(code)
    check_imports, check_body = _split_imports(check)
    (folder / f"F{number}.java").write_text(f"{imports}\nclass F{number} {{\n{body}\n}}\n", encoding="utf-8")
    (folder / f"C{number}.java").write_text(
        f"import java.util.*;\n{imports}\n{check_imports}\nclass C{number} extends F{number} {{\n"
        f"static void runChecks() throws Throwable {{\n{check_body}\n}}\n}}\n",
        encoding="utf-8",
    )


def _split_imports(code: str) -> tuple[str, str]:
    """Return the import lines at the head of a piece of code, and the rest."""
    lines = code.strip().splitlines()
    end = next((n for n, line in enumerate(lines) if line.strip() and not _IMPORT.match(line.strip())), len(lines))
    return "\n".join(lines[:end]), "\n".join(lines[end:])


def _compile(folder: str) -> dict[int, str]:
    (Path(folder) / "Main.java").write_text(_MAIN, encoding="utf-8")
    sources = sorted(path.name for path in Path(folder).glob("*.java"))
    options = [*(f"-J{option}" for option in QUICK), "-encoding", "UTF-8", "-proc:none", "-nowarn", "-Xmaxerrs", "1000"]
    compiled = _call(["javac", *options, *sources], folder)
    if compiled.returncode == 0:
        return {}
    wrong: dict[int, str] = {}
    for number, line in _locate(compiled.stderr):
        wrong[number] = f"{wrong.get(number, '')}{line}\n"
    if not wrong:
        raise RuntimeError(f"javac failed: {compiled.stderr}")
    return wrong


def _locate(output: str) -> Iterator[tuple[int, str]]:
    """Yield javac's lines with the number of the function that they speak of."""
    number = None
    for line in output.splitlines():
        located = _LOCATED.match(line)
        number = int(located[1]) if located else number
        if number is not None:
            yield number, line


def _run(folder: str, numbers: list[int]) -> dict[int, str]:
    options = ["-ea", *QUICK, "-Dfile.encoding=UTF-8", f"-Djava.io.tmpdir={folder}", "-cp", folder]
    try:
        ran = _call(["java", *options, "Main", *map(str, numbers)], folder)
        ending = f"exit status {ran.returncode}\n{ran.stderr[-2000:]}"
    except subprocess.TimeoutExpired:
        ending = f"stopped after {TIMEOUT} seconds"
    wrong: dict[int, str] = {}
    for number in numbers:
        verdict = Path(folder) / f"verdict{number}"
        text = verdict.read_text(encoding="utf-8") if verdict.exists() else f"was not run to its end: {ending}"
        if text:
            wrong[number] = text
    return wrong


def _call(command: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=TIMEOUT,
        check=False,
    )
