"""A cluster on paper: numbers worked out by hand, and what must hold whatever they are."""

import math
from dataclasses import replace

import pytest

from reports.facts import beyond
from reports.facts.on_paper import Job, Machine, Network, best_as_built, cost, measured, tree_pays_from
from tests.documents import KNOWN_LINES, compared, ways

JOB = Job(n_x=1000, m=10**8, item_bytes=4, chunk_bytes=10**8)  # 400 GB in 4,000 chunks
ONE = Machine(bytes_per_s=5e9, overhead_s=8e-3, memory_bytes=8 * 10**9, workers=2)
NETWORK = Network(bytes_per_s=1.25e9, latency_s=1e-4, asking_s=1e-3)


def test_by_hand():
    """A node has 8 · 1002 bytes, 6.4128 µs; a worker sends 24 of them, 153.9072 µs, and is sent w, 3.2 µs."""
    assert (JOB.x_bytes, JOB.chunks, JOB.node_bytes, JOB.range_bytes) == (4 * 10**11, 4000, 8016, 192_384)
    found = {n: cost(n, JOB, ONE, NETWORK) for n in (1, 10, 100, 1000)}
    assert {n: (one.share_bytes, one.bytes_per_s) for n, one in found.items()} == {
        1: (400 * 10**9, 1.25e9),
        10: (40 * 10**9, 1.25e9),
        100: (4 * 10**9, 5e9),
        1000: (4 * 10**8, 5e9),
    }
    assert [one.read_s for one in found.values()] == pytest.approx([320, 32, 0.8, 0.08])
    assert [one.tree_s for one in found.values()] == pytest.approx(
        [0, 4 * 106.4128e-6, 7 * 106.4128e-6, 10 * 106.4128e-6]
    )
    ten = 2e-4 + 20 * (153.9072e-6 + 3.2e-6 + 20 * 42 / 1.25e9)
    hundred = 2e-4 + 200 * (153.9072e-6 + 3.2e-6 + 200 * 42 / 1.25e9)
    thousand = 2e-4 + 0.3078144 + 0.0064 + 0.1344
    assert [one.messages_s for one in found.values()] == pytest.approx([0, ten, hundred, thousand])
    assert [one.asking_s for one in found.values()] == pytest.approx([0, 18e-3, 198e-3, 1.998])
    assert found[1000].in_tree_s == pytest.approx(0.08 + 8e-3 + 1.064128e-3)
    assert found[1000].as_built_s == pytest.approx(0.08 + 8e-3 + thousand + 1.998)
    assert found[1].in_tree_s == found[1].as_built_s == 320.008


@pytest.mark.parametrize(("machines", "chunks"), [(1, 4000), (3, 1334), (3999, 2), (4000, 1), (9999, 1)])
def test_the_fullest_machine_has_whole_chunks(machines, chunks):
    assert cost(machines, JOB, ONE, NETWORK).share_bytes == chunks * 10**8
    assert chunks == max(len(range(n, 4000, machines)) for n in range(machines))


def test_a_last_chunk_may_be_small_and_the_only_one():
    job = Job(n_x=3, m=5, item_bytes=8, chunk_bytes=10**8)
    assert (job.chunks, job.range_bytes, cost(1, job, ONE, NETWORK).share_bytes) == (1, 8 * 5, 120)


def test_what_does_not_fit_is_read_no_faster_than_the_slower_of_machine_and_network():
    slow = Machine(bytes_per_s=1e9, overhead_s=0, memory_bytes=1, workers=1)
    assert cost(10, JOB, slow, NETWORK).bytes_per_s == 1e9
    full = Machine(bytes_per_s=5e9, overhead_s=0, memory_bytes=40 * 10**9, workers=1)
    assert cost(10, JOB, full, NETWORK).bytes_per_s == 5e9  # to the last byte
    assert cost(9, JOB, full, NETWORK).bytes_per_s == 1.25e9


@pytest.mark.parametrize(("n_x", "workers"), [(1000, 2), (4, 1), (4, 8), (4, 10**6)])
def test_from_where_a_tree_pays(n_x, workers):
    job, one = replace(JOB, n_x=n_x), Machine(5e9, 8e-3, 8 * 10**9, workers)
    found = tree_pays_from(job, one, NETWORK)

    def is_faster(n):
        nodes = 2 * math.ceil(math.log2(job.chunks))
        node_s = 8 * (n_x + 2) / 1.25e9
        message_s = nodes * node_s + (4 * n_x + 42 * n * workers) / 1.25e9
        return math.ceil(math.log2(n)) * (1e-4 + node_s) < 2e-4 + n * workers * message_s

    assert all(is_faster(n) for n in range(found, 5000))
    assert found == 2 or not is_faster(found - 1)


def test_as_built_neither_fewer_nor_more_machines_are_faster():
    best = best_as_built(JOB, ONE, NETWORK)
    around = [cost(n, JOB, ONE, NETWORK).as_built_s for n in range(1, 500)]
    assert best.as_built_s == min(around)
    assert 1 < best.machines < 499
    assert best.machines == around.index(min(around)) + 1


def test_what_the_most_workers_showed_on_the_widest_data_is_taken():
    document = ways()
    (family,) = beyond.families(compared(document))
    one = measured([family], 123)
    assert one.bytes_per_s == pytest.approx(4 * 8 / 4e-10, rel=2e-3)
    assert one.overhead_s == pytest.approx(8e-3, rel=2e-3)
    assert (one.memory_bytes, one.workers) == (123, 2)
    lines = {key: None if key[0] == "dask_chunks" else line for key, line in KNOWN_LINES.items()}
    (without,) = beyond.families(compared(ways(lines)))
    assert measured([without], 123) is measured([], 123) is None
    assert measured([family, without], 123) == one
    wide = replace(
        family, ways=tuple(replace(way, example_bytes=8 * way.example_bytes) for way in family.ways)
    )
    assert measured([family, wide], 123).bytes_per_s == pytest.approx(8 * one.bytes_per_s)
