"""Two gateways as operators run them, while providers, Valkey and budgets give out under them."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from apps.inference.models import Budget, Call, CallMinute, Provider, Spending
from tests.core.embedded.processes import wait_until
from tests.inference.breaker.passing import let_time_pass
from tests.inference.chaos.conftest import Site, Traffic
from tests.inference.factories import ModelFactory
from tests.inference.gateway.process import Answered

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.critical]

FAULTS: dict[str, dict[str, Any]] = {
    "down": {"reset": True},
    "silent": {"hang": True},
    "slow": {"delay": 20},
    "broken": {"status": 500},
    "away": {"status": 503},
    "limited": {"status": 429},
    "refusing": {"status": 400},
    "locked": {"status": 401},
    "missing": {"status": 404},
    "moved": {"status": 302},
    "proxy": {"raw": "<h1>Sign in</h1>"},
    "polite": {"raw": '{"error": {"message": "no", "code": "x"}}'},
    "list": {"raw": "[1, 2]"},
    "empty": {"raw": "{}"},
    "bare": {"raw": '{"choices": 3}'},
    "garbled": {"wrong_json": True},
    "cut": {"cut_after": 1},
    "failing": {"error_after": 1},
}
LATE = ("silent", "slow")
CODES = {
    *("connection", "timeout", "rate_limit", "refused", "inference", "misconfigured", "breaker_open"),
}


def code_of(body: Any) -> str:
    code: str = body["error"]["code"]
    return code


def assert_explained(answer: Answered, site: Site) -> None:
    """Whatever failed has a code of ours, and tells an outsider nothing of what is behind."""
    if answer.status == 200:
        return
    assert code_of(answer.body) in CODES, answer
    assert set(answer.body["error"]) == {"message", "type", "param", "code"}
    told = json.dumps(answer.body)
    assert str(site.scripted.port) not in told
    assert site.scripted.key not in told


def sum_tokens(rows: Any) -> tuple[int, int]:
    found = rows.aggregate(prompt=Sum("prompt_tokens"), completion=Sum("completion_tokens"))
    return found["prompt"] or 0, found["completion"] or 0


def counted(site: Site, names: Sequence[str]) -> tuple[int, int]:
    counts = [site.scripted.count(name) for name in names]
    return sum(one.get("prompt_tokens", 0) for one in counts), sum(one.get("completion_tokens", 0) for one in counts)


@pytest.mark.parametrize("operation", ["chat", "completion", "embedding"])
def test_every_fault_of_a_provider_is_told_with_a_code(site: Site, operation: str) -> None:
    names = [f"{operation}-{name}" for name in FAULTS]
    for name, (fault, step) in zip(names, FAULTS.items(), strict=True):
        site.put_model(name, step, operation=operation, timeout=1.0 if fault in LATE else 30.0)
    site.wait_until_all_know(names[-1])
    with ThreadPoolExecutor(9) as pool:
        whole = list(pool.map(lambda name: site.ask(site.front.gateway, operation, name), names))
        streams = [] if operation == "embedding" else list(
            pool.map(lambda name: site.ask(site.second, operation, name, stream=True), names)
        )  # fmt: skip
    for answer in [*whole, *streams]:
        assert_explained(answer, site)
    assert {code_of(one.body[-1]) for one in streams if one.status == 200} <= CODES
    answered = dict(zip(FAULTS, (one.status for one in whole), strict=True))
    assert [name for name, status in answered.items() if status == 200] == ["failing"]  # only streams break off so
    site.write_down()
    for name in names:
        prompt, completion = counted(site, [name])
        recorded = sum_tokens(Call.objects.filter(target=name))
        assert recorded[0] >= prompt, name
        assert recorded[1] >= completion, name


def test_what_one_gateway_learns_of_a_provider_all_know(site: Site) -> None:
    model = site.add_model("shared", {"status": 500})
    site.scripted.script("beside", always={"ok": True})
    ModelFactory(name="beside", provider=model.provider)
    site.wait_until_all_know("beside")
    one, other = site.gateways
    codes = [code_of(site.chat(one, "shared").body) for _ in range(3)]
    assert codes == ["inference", "breaker_open", "breaker_open"]
    asked = site.scripted.count("shared")["requests"]
    assert asked == 5
    wait_until(lambda: site.chat(other, "beside").status == 503)
    answer = site.chat(other, "shared")
    assert (answer.status, code_of(answer.body)) == (503, "breaker_open")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert site.scripted.count("shared")["requests"] == asked

    site.scripted.script("shared", always={"ok": True})
    let_time_pass(model.provider, site.valkey.cache)
    wait_until(lambda: site.chat(other, "shared").status == 200)
    wait_until(lambda: site.chat(one, "shared").status == 200)


def test_calls_go_on_while_valkey_is_killed_and_comes_back_empty(site: Site) -> None:
    model = site.add_model("sick", {"status": 500})
    one, other = site.gateways
    for _ in range(2):
        site.chat(one, "sick")
    wait_until(lambda: site.chat(other, "sick").status == 503)
    traffic = Traffic()
    with traffic.flowing(site):
        site.valkey.kill()
        time.sleep(1.0)
        assert [site.chat(gateway, "sick").status for gateway in site.gateways] == [503, 503]
        site.valkey.start()
        time.sleep(1.0)
        assert [site.chat(gateway, "sick").status for gateway in site.gateways] == [503, 503]
    assert not traffic.failures
    assert {answer.status for answer in traffic.answers} == {200}
    wait_until(lambda: site.valkey.cache.hget("touchstone:breakers:1", model.provider_id))


def test_calls_go_on_while_valkey_hangs(site: Site) -> None:
    site.chat(site.front.gateway)
    traffic = Traffic()
    with traffic.flowing(site):
        with site.valkey.hanging():
            time.sleep(2.5)
            wait_until(lambda: len(traffic.answers) > 8)
        time.sleep(0.5)
    assert not traffic.failures
    assert {answer.status for answer in traffic.answers} == {200}


def test_a_budget_that_is_spent_in_the_midst_of_an_answer_ends_it(site: Site) -> None:
    site.add_model("wordy", {"tokens": 400, "chunk_delay": 0.002})
    budget = Budget.objects.create(key=site.front.key, dollars=Decimal("0.0002"))
    time.sleep(2.0)  # for as long may a process go by what was curated
    stream = site.stream(site.front.gateway, "wordy")
    assert stream.status == 200
    assert code_of(stream.body[-1]) == "budget_spent"
    answer = site.chat(site.second, "wordy")
    assert (answer.status, code_of(answer.body)) == (429, "budget_spent")
    site.write_down()
    call = Call.objects.get(outcome="budget_spent", completion_tokens__gt=0)
    assert Decimal("0.00015") < call.cost <= Decimal("0.00021")
    wait_until(lambda: Spending.objects.filter(budget=budget, dollars=call.cost).exists())


def test_nothing_that_a_server_counts_is_missing_from_our_records(site: Site) -> None:
    """Many at once over both gateways, with faults that cost nothing in between: tokens agree to the last one."""
    fates: list[dict[str, Any]] = [{"ok": True}, {"status": 500}, {"status": 429}, {"reset": True}, {"tokens": 40}]
    names = [f"fate-{number}" for number in range(6)]
    for number, name in enumerate(names):
        steps = [fates[(number + place * 3) % len(fates)] for place in range(12)]
        site.put_model(name, *steps, {"ok": True})
    site.wait_until_all_know(names[-1])
    with ThreadPoolExecutor(8) as pool:
        asked = [(gateway, name) for name in names for gateway in site.gateways for _ in range(4)]
        for answer in pool.map(lambda one: site.chat(*one), asked):
            assert_explained(answer, site)
        for answer in pool.map(lambda one: site.stream(*one), asked):
            assert_explained(answer, site)
            assert answer.status != 200 or answer.body[-1] == "[DONE]"
    site.write_down()
    calls = Call.objects.filter(target__in=names)
    assert calls.count() == 2 * len(asked)
    assert sum_tokens(calls) == sum_tokens(CallMinute.objects.filter(target__in=names)) == counted(site, names)
    totals = calls.aggregate(cost=Sum("cost"), prompt=Sum("prompt_tokens"), completion=Sum("completion_tokens"))
    assert totals["cost"] * 1_000_000 == totals["prompt"] + 2 * totals["completion"]


def test_a_provider_that_is_gone_leaves_the_others_alone(site: Site) -> None:
    Provider.objects.filter(models=site.add_model("gone", {"ok": True})).update(base_url="http://127.0.0.1:9/v1")
    wait_until(lambda: site.chat(site.front.gateway, "gone").status == 502)
    traffic = Traffic()
    with traffic.flowing(site):
        codes = {code_of(site.chat(gateway, "gone").body) for gateway in site.gateways * 3}
    assert codes <= {"connection", "breaker_open"}
    assert {answer.status for answer in traffic.answers} == {200}
