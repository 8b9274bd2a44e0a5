"""Speed, memory and use of the optional language model, as `make model` left it.

    python -m benchmarks.local_model [--threads N] [--rounds N]

Starts the server as a stack does, in a home of its own, and prints JSON: seconds to load, memory, milliseconds to the
first token and tokens a second of one streamed answer (median of the rounds), tokens a second of as many at once as it
has slots, how many answers kept to a JSON schema, and how many of ten easy questions over a small shop (SQLite, made
here) became SQL that gives the right rows. Every token reads the whole model, so the memory's bandwidth is measured in
the same run, and the share of it that one answer took is told. A busy machine makes it several times as slow.
"""

import argparse
import json
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from openai import OpenAI

from apps.core.embedded.home import Home, resolve_home
from apps.core.embedded.language_model import SERVE, Server, answers, find_chosen_model, read_server
from benchmarks.figures import save_figures
from benchmarks.memory import measure_read_bandwidth

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 180
ROUNDS = 5
STORY = "Explain in one paragraph what a database index is and when it helps."
SCHEMA = """CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT);
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, category TEXT, price REAL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id), ordered_on TEXT);
CREATE TABLE order_lines (order_id INTEGER REFERENCES orders(id), product_id INTEGER REFERENCES products(id),
    quantity INTEGER);"""
ROWS = """INSERT INTO customers VALUES (1,'Ada','Rome'),(2,'Ben','Oslo'),(3,'Cleo','Rome'),(4,'Dan','Paris');
INSERT INTO products VALUES (1,'Pen','office',2.5),(2,'Desk','furniture',250),(3,'Lamp','furniture',40),
    (4,'Ink','office',8);
INSERT INTO orders VALUES (1,1,'2026-01-05'),(2,1,'2026-02-10'),(3,2,'2026-02-11'),(4,3,'2026-03-01');
INSERT INTO order_lines VALUES (1,1,10),(1,4,2),(2,2,1),(3,3,2),(3,1,5),(4,4,1);"""
QUESTIONS = (
    ("How many customers are there?", "SELECT count(*) FROM customers"),
    ("List the names of customers in Rome.", "SELECT name FROM customers WHERE city = 'Rome'"),
    ("What is the price of the most expensive product?", "SELECT max(price) FROM products"),
    ("How many products are in each category?", "SELECT category, count(*) FROM products GROUP BY category"),
    ("Which products cost less than 10? Give their names.", "SELECT name FROM products WHERE price < 10"),
    ("How many orders were placed in February 2026?", "SELECT count(*) FROM orders WHERE ordered_on LIKE '2026-02%'"),
    ("What is the average price of office products?", "SELECT avg(price) FROM products WHERE category = 'office'"),
    (
        "Which customers have no orders? Give their names.",
        "SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM orders)",
    ),
    (
        "What is the total quantity sold of the product Pen?",
        "SELECT sum(quantity) FROM order_lines WHERE product_id = 1",
    ),
    (
        "Give each customer's name and number of orders, only customers with orders.",
        "SELECT name, count(*) FROM customers JOIN orders ON customer_id = customers.id GROUP BY customers.id",
    ),
)
PEOPLE = ("Ada Lovelace, born 1815", "Alan Turing, born 1912", "Grace Hopper, born 1906", "Edgar Codd, born 1923")
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "born": {"type": "integer"}},
    "required": ["name", "born"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Timing:
    """`first` is in seconds, from asking to the first piece; `rate` in tokens a second after it."""

    first: float
    rate: float
    tokens: int
    text: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=0, help="with any, no figures are kept")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="with any other, the same")
    options = parser.parse_args()
    model = find_chosen_model()
    if model is None:
        print("there is no language model: make model", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="touchstone-llm-") as folder:
        home = resolve_home({"TOUCHSTONE_HOME": folder})
        with running(home, options.threads) as (server, seconds):
            figures = measure(server, model.path.stat().st_size, options.rounds, seconds)
    print(json.dumps(figures, indent=2))
    if (options.threads, options.rounds) == (0, ROUNDS):
        save_figures("local_model", "python -m benchmarks.local_model", figures)
    return 0


@contextmanager
def running(home: Home, threads: int) -> Iterator[tuple[Server, float]]:
    """The server, and the seconds that its start took."""
    environment = {**os.environ, "TOUCHSTONE_HOME": str(home.path), "LANGUAGE_MODEL_THREADS": str(threads)}
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", SERVE], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while not answers(home):
            if process.poll() is not None or time.monotonic() - started > START_SECONDS:
                raise RuntimeError("the server did not start")
            time.sleep(0.05)
        seconds = time.monotonic() - started
        server = read_server(home)
        assert server
        yield server, seconds
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def measure(server: Server, model_bytes: int, rounds: int, load_seconds: float) -> dict[str, Any]:
    client = OpenAI(base_url=server.base_url, api_key=server.key, timeout=300, max_retries=0)
    process = psutil.Process(int(server.process.rpartition(":")[2]))
    timings = [ask(client, f"{STORY} ({number})") for number in range(rounds)]
    bandwidth = measure_read_bandwidth()
    rate = statistics.median(timing.rate for timing in timings)
    memory = process.memory_full_info()
    return {
        "model": server.model,
        "model_mb": model_bytes // 1_000_000,
        "start_seconds": round(load_seconds, 1),
        "rss_mb": memory.rss // 1_000_000,
        "first_token_ms": round(1000 * statistics.median(timing.first for timing in timings)),
        "tokens_per_second": round(rate, 1),
        "memory_gb_per_second": round(bandwidth / 1e9, 1),
        "bandwidth_share": round(rate * model_bytes / bandwidth, 3),
        "tokens_per_second_together": round(measure_together(client, server.slots), 1),
        "json_schema_kept": sum(keeps_schema(client, text) for text in PEOPLE),
        "json_schema_asked": len(PEOPLE),
        **measure_sql(client),
    }


def ask(client: OpenAI, text: str, *, system: str = "", tokens: int = 120) -> Timing:
    """One streamed answer at temperature 0."""
    messages: list[Any] = [{"role": "system", "content": system}] if system else []
    started = time.monotonic()
    first, pieces = 0.0, []
    with client.chat.completions.create(
        model="local",
        messages=[*messages, {"role": "user", "content": text}],
        max_tokens=tokens,
        temperature=0,
        stream=True,
    ) as stream:
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                first = first or time.monotonic()
                pieces.append(chunk.choices[0].delta.content)
    spent = time.monotonic() - first
    return Timing(first - started, (len(pieces) - 1) / spent if spent else 0.0, len(pieces), "".join(pieces))


def measure_together(client: OpenAI, count: int) -> float:
    """Tokens a second of `count` answers at a time, over all of them."""
    started = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        timings = list(pool.map(lambda number: ask(client, f"{STORY} (together, {number})"), range(count)))
    return sum(timing.tokens for timing in timings) / (time.monotonic() - started)


def keeps_schema(client: OpenAI, text: str) -> bool:
    shape: Any = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}}
    messages: list[Any] = [{"role": "user", "content": f"Who is this? {text}"}]
    answer = client.chat.completions.create(
        model="local", messages=messages, max_tokens=60, temperature=0, response_format=shape
    )
    try:
        person = json.loads(answer.choices[0].message.content or "")
    except ValueError:
        return False
    return set(person) == {"name", "born"} and isinstance(person["born"], int) and str(person["born"]) in text


def measure_sql(client: OpenAI) -> dict[str, Any]:
    system = f"You write SQLite. Answer with one query and nothing else. The schema:\n{SCHEMA}"
    wrong, seconds = [], []
    for question, reference in QUESTIONS:
        started = time.monotonic()
        query = strip_fence(ask(client, question, system=system).text)
        seconds.append(time.monotonic() - started)
        if run_query(query) != run_query(reference):
            wrong.append({"question": question, "query": query})
    return {
        "sql_right": len(QUESTIONS) - len(wrong),
        "sql_asked": len(QUESTIONS),
        "sql_seconds": round(statistics.median(seconds), 1),
        "sql_wrong": wrong,
    }


def strip_fence(text: str) -> str:
    fenced = re.search(r"```(?:\w+)?\s*(.*?)(?:```|$)", text, re.DOTALL)
    return (fenced[1] if fenced else text).strip()


def run_query(query: str) -> list[tuple[Any, ...]] | str:
    """Its rows in any order, or what is wrong with it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA + ROWS)
        connection.execute("PRAGMA query_only = 1")
        try:
            return sorted(connection.execute(query).fetchall(), key=repr)
        except sqlite3.Error as error:
            return str(error)


if __name__ == "__main__":
    sys.exit(main())
