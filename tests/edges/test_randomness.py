"""Random bytes: never the same twice, over the edge of a block, among threads and in a forked process."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from bridge.randomness import token


def test_threads_never_share_a_byte() -> None:
    with ThreadPoolExecutor(4) as pool:
        drawn = [each for part in pool.map(lambda _: [token(12) for _ in range(1_000)], range(4)) for each in part]
    assert len(set(drawn)) == 4_000
    assert {len(each) for each in drawn} == {12}


def test_a_large_one_is_whole() -> None:
    assert len(token(10_000)) == 10_000


def test_a_forked_process_draws_its_own() -> None:
    token(12)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, token(12))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 12) != token(12)
