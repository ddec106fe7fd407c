"""What a run keeps of one row on one setting, process by process."""

from bench.lanes.entry import Entry


def test_a_lost_process_keeps_its_place():
    entry = Entry()
    entry.add_block(0, 1.0)
    entry.add_block(1, 2.0)
    entry.lose(1)
    assert entry.blocks_s == [[1.0], []]
    entry.lose(3)
    assert entry.blocks_s == [[1.0], [], [], []], "also where it had no block"


def test_a_lost_process_loses_its_training():
    entry = Entry()
    for process, cost in enumerate((0.75, 0.5)):
        entry.add_block(process, 1.0)
        entry.add_training(process, 2.0 + process, [cost])
    entry.lose(1)
    assert (entry.trained_s, entry.costs) == ({0: 2.0}, [0.75])
    entry.lose(0)
    assert (entry.trained_s, entry.costs) == ({}, []), "the next that trains has costs of its own"


def test_all_trainings_are_lost_at_once():
    entry = Entry()
    entry.add_training(0, 2.0, [0.75])
    entry.lose_trainings()
    assert (entry.trained_s, entry.costs) == ({}, [])


def test_blocks_go_to_their_process():
    entry = Entry()
    entry.add_block(2, 1.0)
    entry.add_block(0, 2.0)
    assert entry.blocks_s == [[2.0], [], [1.0]]


def test_blocks_that_are_bounded_keep_their_spread():
    entry = Entry()
    entry.blocks_s = [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    entry.bound(0, 1.9)
    entry.bound(1, 4.0)
    assert entry.blocks_s == [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]
