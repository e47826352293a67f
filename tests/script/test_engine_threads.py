import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from chat_wire import CHAT_URL, asking, wire
from engines import ask, make_engine, scripted

THREADS = 64
API = "https://api.openai.com/v1"


def ask_from_threads(engine, request_of):
    """Ask from 64 threads at once; the answers in the order of the threads."""
    barrier = Barrier(THREADS)

    def work(number):
        barrier.wait(10)
        return ask(engine, request_of(number))

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(THREADS)))


def test_each_reply_is_given_once_to_64_threads():
    engine = scripted(*(f"reply {n}" for n in range(THREADS)))

    answers = ask_from_threads(engine, lambda n: asking())

    assert sorted(answer.content for answer in answers) == sorted(f"reply {n}" for n in range(THREADS))


def test_journal_of_64_threads_is_complete():
    engine = scripted("a", times=None)

    ask_from_threads(engine, lambda n: asking(f"question {n}"))

    assert [call.number for call in engine.journal] == list(range(1, THREADS + 1))
    assert {call.last_user for call in engine.journal} == {f"question {n}" for n in range(THREADS)}


def test_ids_of_64_threads_depend_on_the_request_alone():
    runs = [ask_from_threads(scripted("a", times=None), lambda n: asking(f"question {n}")) for _ in range(2)]

    assert [answer.body for answer in runs[0]] == [answer.body for answer in runs[1]]


def test_surplus_threads_are_unmatched():
    engine = scripted("a", times=THREADS // 2)

    answers = ask_from_threads(engine, lambda n: asking())

    assert sorted(answer.status for answer in answers) == [200] * 32 + [400] * 32


def test_embeddings_of_64_threads_are_those_of_one():
    def embedding(n):
        body = {"model": "text-embedding-3-small", "input": [f"text {n}"], "dimensions": 8}
        return wire(body, url=f"{API}/embeddings")

    answers = ask_from_threads(make_engine(), embedding)

    alone = [ask(make_engine(), embedding(n)) for n in range(THREADS)]
    assert [answer.json for answer in answers] == [answer.json for answer in alone]


def test_64_threads_store_and_look_up_at_once():
    engine = scripted("a", times=None)

    def store_or_list(n):
        if n % 2:
            return wire(method="GET", url=f"{CHAT_URL}?limit=100")
        return asking(f"question {n}", store=True)

    answers = ask_from_threads(engine, store_or_list)

    stored = ask(engine, wire(method="GET", url=f"{CHAT_URL}?limit=100")).json["data"]
    assert {answer.status for answer in answers} == {200}
    assert {one["id"] for one in stored} == {answer.json["id"] for answer in answers[::2]}


@pytest.fixture
def hurried_threads():
    """Threads that are interrupted as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hurried_threads")
def test_list_is_whole_while_others_store():
    engine = scripted("a", times=None)
    for n in range(90):
        ask(engine, asking(f"before {n}", store=True))

    def store_or_list(n):
        return asking(f"question {n}", store=True) if n % 8 else wire(method="GET", url=f"{CHAT_URL}?limit=90")

    answers = [answer for _ in range(4) for answer in ask_from_threads(engine, store_or_list)]

    assert {answer.status for answer in answers} == {200}


def test_one_of_64_threads_deletes_what_is_stored():
    engine = scripted("a")
    stored = ask(engine, asking(store=True)).json["id"]

    answers = ask_from_threads(engine, lambda n: wire(method="DELETE", url=f"{CHAT_URL}/{stored}"))

    assert sorted(answer.status for answer in answers) == [200] + [404] * 63
