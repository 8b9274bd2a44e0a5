"""Why searches went wrong: one cause a failure, the most telling that fits."""

from collections.abc import Callable, Mapping, Sequence

from apps.core.targets.types import Cause, Diagnosis, Failure, Fix
from apps.functions.evaluation import causes
from apps.functions.evaluation.evidence import Evidence, Known, read_evidence
from apps.functions.evaluation.lexicon import Lexicon, read_lexicon
from apps.functions.evaluation.wording import tell_likeness
from apps.functions.search.confidence import ANSWER_THRESHOLD
from apps.functions.search.query import find_mentions
from apps.functions.services.live import live_index

CAUSES: Mapping[str, Cause] = causes.CAUSES
MOST_KEYWORDS = 5
"""So many of a query's words are proposed as keywords."""

Rule = Callable[[Evidence], Diagnosis | None]


def diagnose(failures: Sequence[Failure]) -> list[Diagnosis]:
    """One diagnosis a failure, in order, by the catalogue, the index and the synonyms as they are now."""
    loaded = live_index().load()
    evidence = read_evidence(failures, loaded)
    found = [_apply(BY_FACTS, one) for one in evidence]
    rest = [one for one, diagnosis in zip(evidence, found, strict=True) if diagnosis is None]
    lexicon = read_lexicon(rest, loaded) if rest else None
    return [
        diagnosis or (lexicon and _diagnose_words(one, lexicon)) or _diagnose_rank(one)
        for one, diagnosis in zip(evidence, found, strict=True)
    ]


def _apply(rules: Sequence[Rule], evidence: Evidence) -> Diagnosis | None:
    return next((diagnosis for rule in rules if (diagnosis := rule(evidence))), None)


def _find_error(evidence: Evidence) -> Diagnosis | None:
    error = evidence.failure.outcome.error
    return Diagnosis("error", error, cluster=error.strip().partition("\n")[0][:100]) if error else None


def _find_needless_answer(evidence: Evidence) -> Diagnosis | None:
    outcome = evidence.failure.outcome
    if evidence.failure.question.expected:
        return None
    answer = f"“{outcome.got[0]['title']}” was answered" if outcome.got else "It was answered"
    detail = f"{answer} with a confidence of {outcome.confidence:.2f}, and nothing is to be found."
    return Diagnosis("should_abstain", detail, cluster=outcome.tier)


def _find_absence(evidence: Evidence) -> Diagnosis | None:
    if evidence.expected:
        return None
    (reference, reason), *others = evidence.absent.items()
    more = f" So it is with {len(others)} more." if others else ""
    return Diagnosis("not_in_index", f"{reference} {reason}.{more}", cluster=reason)


def _find_wrong_language(evidence: Evidence) -> Diagnosis | None:
    right = sorted({known.function.language for known in evidence.expected})
    applied = evidence.failure.outcome.trace.get("language") or ""
    wanted = f"the right answer is in {' or '.join(right)}"
    if evidence.asked and evidence.asked not in right:
        detail, cluster = f"The case asks for {evidence.asked}, and {wanted}.", f"filter {evidence.asked}"
    elif applied and not evidence.asked and applied not in right:
        said = _find_words(evidence, applied)
        detail = f"“{said}” in the query was read as a wish for {applied}, and {wanted}."
        cluster = f"“{said}” read as {applied}"
    elif evidence.first and evidence.first.function.language not in right:
        language = evidence.first.function.language
        detail, cluster = f"The first answer is in {language}, and {wanted}.", f"{language}, not {' or '.join(right)}"
    else:
        return None
    return Diagnosis("wrong_language", detail, cluster=cluster)


def _find_words(evidence: Evidence, language: str) -> str:
    """The query's words that named the language."""
    text = evidence.query.text
    mention = next(iter(find_mentions(text, frozenset({language}))), None)
    return text[mention.start : mention.end] if mention else language


def _find_abstention(evidence: Evidence) -> Diagnosis | None:
    outcome = evidence.failure.outcome
    if outcome.rank != 1 or outcome.answered:
        return None
    detail = f"{evidence.best.reference} came first with a confidence of {outcome.confidence:.2f}"
    detail += f", and {ANSWER_THRESHOLD} is the least."
    return Diagnosis("abstained", detail, evidence.best.reference, _propose_keywords(evidence))


def _find_near_duplicate(evidence: Evidence) -> Diagnosis | None:
    first = evidence.first
    if first is None or first.function.pk in {known.function.pk for known in evidence.expected}:
        return None
    for right in evidence.expected:
        if right.function.language != first.function.language:
            continue
        if likeness := tell_likeness(first.document, right.document, first.terms, right.terms):
            return _report_duplicates(first, right, likeness)
    return None


def _report_duplicates(first: Known, right: Known, likeness: str) -> Diagnosis:
    fields = (("keep", "Keep", right.reference), ("retire", "Retire", first.reference))
    fixes = (Fix("merge_duplicates", "Merge the two: retire one", fields),)
    detail = f"{first.reference} came before {right.reference}: they {likeness}."
    return Diagnosis("near_duplicate", detail, " = ".join(sorted((first.reference, right.reference))), fixes)


BY_FACTS: tuple[Rule, ...] = (
    _find_error,
    _find_needless_answer,
    _find_absence,
    _find_wrong_language,
    _find_abstention,
    _find_near_duplicate,
)


def _diagnose_words(evidence: Evidence, lexicon: Lexicon) -> Diagnosis | None:
    if pair := lexicon.find_synonym(evidence):
        word, synonym = pair
        detail = f"“{word}” is not in the right answer, which says “{synonym}”: {word} -> {synonym}."
        fields = (("word", "Word", word), ("synonym", "Means the same as", synonym))
        fixes = (Fix("add_synonym", "Make them synonyms", fields), *_propose_keywords(evidence, [word]))
        return Diagnosis("synonym_missed", detail, f"{word} -> {synonym}", fixes)
    if pair := lexicon.find_misspelling(evidence):
        word, right = pair
        detail = f"“{word}” is one letter from “{right}”, which the right answer has: {word} -> {right}."
        return Diagnosis("typo", detail, f"{word} -> {right}", _propose_keywords(evidence, [word]))
    return None


def _diagnose_rank(evidence: Evidence) -> Diagnosis:
    outcome, right = evidence.failure.outcome, evidence.best.reference
    before = f", after “{outcome.got[0]['title']}”" if outcome.got else ""
    if outcome.rank is None:
        cause, detail = "not_found", f"{right} is not among the first {len(outcome.got)}{before}."
    else:
        cause = "ranked_2_to_5" if outcome.rank <= 5 else "ranked_6_to_10"
        detail = f"{right} came at place {outcome.rank}{before}."
    return Diagnosis(cause, detail, right, _propose_keywords(evidence))


def _propose_keywords(evidence: Evidence, words: Sequence[str] = ()) -> tuple[Fix, ...]:
    """These words, or those of the query that no right answer has, for the best of the right answers."""
    proposed = list(words) or list(dict.fromkeys(term.word.lower() for term in evidence.missing))[:MOST_KEYWORDS]
    if not proposed:
        return ()
    fields = (("function", "Function", evidence.best.reference), ("keywords", "Keywords", ", ".join(proposed)))
    return (Fix("add_keyword", "Add as keywords", fields),)
