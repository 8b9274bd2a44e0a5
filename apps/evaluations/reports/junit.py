"""The report as JUnit XML, for build servers: a test a turned case, and one for the verdict."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring  # nosec B405

from apps.evaluations.reports.contents import Contents, Flip, Side
from apps.evaluations.reports.words import (
    ALARMING,
    as_sentence,
    clean_text,
    clip_text,
    describe_side,
    describe_sureness,
    explain_verdict,
    name_verdict,
    show_expected,
)

NAME, MESSAGE = 200, 500


def render_junit(contents: Contents, url: str = "") -> bytes:
    """One suite: newly wrong cases failed, newly right ones passed, "verdict" failed when worse or failed.

    Only listed flips are tests, so the counts are of these; properties hold the pinned state and the whole counts.
    """
    seconds = contents.run.seconds or 0.0
    name = clean_text(contents.suite.name) or "report"
    root = Element("testsuites", name="Touchstone")
    suite = SubElement(root, "testsuite", name=name)
    write_properties(suite, contents, url)
    write_verdict(suite, contents)
    for flip in contents.flips:
        write_flip(suite, flip, name)
    failures = sum(1 for _ in suite.iter("failure"))
    counts = {"tests": str(len(suite.findall("testcase"))), "failures": str(failures), "errors": "0", "skipped": "0"}
    for element in (root, suite):
        element.attrib |= {**counts, "time": f"{seconds:.3f}"}
    if contents.run.started_at:
        suite.set("timestamp", clean_text(contents.run.started_at))
    indent(root)
    return tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def write_properties(suite: Element, contents: Contents, url: str) -> None:
    properties = SubElement(suite, "properties")
    facts = [
        ("run", contents.run.id),
        ("baseline", contents.baseline.id if contents.baseline else ""),
        ("verdict", contents.verdict),
        ("newly_wrong", str(contents.newly_wrong)),
        ("newly_right", str(contents.newly_right)),
        ("url", url),
        *((f"pinned.{name}", value) for name, value in contents.run.pinned),
    ]
    for name, value in facts:
        if value:
            SubElement(properties, "property", name=clean_text(name), value=clean_text(value))


def write_verdict(suite: Element, contents: Contents) -> None:
    case = SubElement(suite, "testcase", classname="touchstone", name="verdict", time="0")
    reasons = [as_sentence(reason) for reason in contents.reasons]
    if contents.verdict in ALARMING:
        message = f"{name_verdict(contents)}: {' '.join(reasons) or explain_verdict(contents)}"
        failure = SubElement(case, "failure", type=contents.verdict, message=write_message(message))
        failure.text = clean_text("\n".join(reasons))
    elif reasons:
        SubElement(case, "system-out").text = clean_text("\n".join(reasons))


def write_flip(suite: Element, flip: Flip, classname: str) -> None:
    name = clip_text(clean_text(f"{flip.external_id}: {flip.query}" if flip.external_id else flip.query), NAME)
    milliseconds = flip.after.latency_ms or 0.0
    case = SubElement(suite, "testcase", classname=classname, name=name, time=f"{milliseconds / 1000:.6f}")
    if not flip.newly_wrong:
        return
    sentence = flip.change or f"Right before, now: {describe_side(flip.after, expects=bool(flip.expected))}."
    failure = SubElement(case, "failure", type="newly_wrong", message=write_message(sentence))
    failure.text = clean_text(
        f"Asked: {flip.query}\nExpected: {show_expected(flip)}\n"
        f"Before: {write_side(flip.before, flip)}\nAfter: {write_side(flip.after, flip)}"
    )


def write_side(side: Side, flip: Flip) -> str:
    facts = (side.first or "no answer", describe_side(side, expects=bool(flip.expected)), describe_sureness(side))
    return "; ".join(fact for fact in facts if fact)


def write_message(text: str) -> str:
    return clip_text(clean_text(text), MESSAGE)
