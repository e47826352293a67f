from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from chat_wire import asking
from engines import ask, scripted

THREADS = 64


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
