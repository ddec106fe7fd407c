"""What a step would cost on N machines, on paper: a formula, and what one machine showed to put into it.

    T(N) = share / B + L + ceil(log2 N) · (l + s / b)

    share   bytes of X on the machine that has most of it, in whole chunks
    B       bytes of X that one machine reads and computes in a second: measured, where the share fits its
            memory; else no more than b, at which the share comes from wherever X lies
    L       overhead of the scheduler in every step: measured
    s       8 (n_x + 2) bytes: the sums of a node of the tree over all chunks, for J, dw and db
    l, b    latency and bandwidth of the network: assumed

That sums in a tree of machines. `dask_chunks` asks all workers through one scheduler instead, beside its
client. Each is sent q bytes, w and who has which chunks, and answers with the nodes that cover its range of
chunks, 2 log2(chunks) at most:

    T(N) = share / B + L + 2 l + N · W · (q + s') / b + (N - 1) · W · t

    q       itemsize · n_x + 42 · N · W
    s'      2 ceil(log2 chunks) · s

for W workers on each machine, and a scheduler that takes t to ask each; those of one machine are in L
already. On one machine both are share / B + L: its sums cross no network.
"""

import math
from dataclasses import dataclass

from reports.facts.beyond import CLUSTER, Family

SHARE_BYTES = 42  # size of one worker's address and range of chunks, pickled, in the question to all
MOST = 10_000  # largest number of machines that is considered


@dataclass(frozen=True)
class Job:
    """The data of a step."""

    n_x: int
    m: int
    item_bytes: int
    chunk_bytes: int

    @property
    def x_bytes(self) -> int:
        """Bytes of X."""
        return self.n_x * self.m * self.item_bytes

    @property
    def chunks(self) -> int:
        """Chunks that X is cut into."""
        return -(-self.x_bytes // self.chunk_bytes)

    @property
    def node_bytes(self) -> int:
        """Bytes of the sums of one node."""
        return 8 * (self.n_x + 2)

    @property
    def range_bytes(self) -> int:
        """Bytes of the sums that a worker sends for its range of chunks, at most."""
        return max(1, 2 * math.ceil(math.log2(self.chunks))) * self.node_bytes


@dataclass(frozen=True)
class Machine:
    """What one machine showed."""

    bytes_per_s: float
    overhead_s: float
    memory_bytes: int
    workers: int


@dataclass(frozen=True)
class Network:
    """What is assumed: 10 Gbit/s, 100 µs, and that all schedulers are as fast as the one in SCALING.md."""

    bytes_per_s: float = 10e9 / 8
    latency_s: float = 100e-6
    asking_s: float = 1e-3  # a worker: to pass the question on, and the answer back


@dataclass(frozen=True)
class Cost:
    """The parts of what a step costs on a number of machines."""

    machines: int
    share_bytes: int
    bytes_per_s: float  # rate of the machine with that share
    overhead_s: float
    tree_s: float  # time to sum in a tree of machines
    messages_s: float  # instead, time of all messages through the network of one machine
    asking_s: float  # time of the one scheduler that sends them

    @property
    def read_s(self) -> float:
        """Time to read and compute the share."""
        return self.share_bytes / self.bytes_per_s

    @property
    def in_tree_s(self) -> float:
        """Time of the whole step, summed in a tree."""
        return self.read_s + self.overhead_s + self.tree_s

    @property
    def as_built_s(self) -> float:
        """Time of the whole step, through one scheduler."""
        return self.read_s + self.overhead_s + self.messages_s + self.asking_s


def measured(families: list[Family], memory_bytes: int) -> Machine | None:
    """Return what the most workers showed on the data with the most features; None where none has a line."""
    for way in (way for family in reversed(families) for way in family.of(CLUSTER)[-1:]):
        if way.overhead_s and way.example_s and way.example_s.estimate and way.example_bytes:
            rate = way.example_bytes / way.example_s.estimate
            return Machine(rate, way.overhead_s.estimate, memory_bytes, way.threads)
    return None


def cost(machines: int, job: Job, one: Machine, network: Network) -> Cost:
    """Return what a step costs on a number of machines, all like one that was measured."""
    share_bytes = min(job.x_bytes, -(-job.chunks // machines) * job.chunk_bytes)
    fits = share_bytes <= one.memory_bytes
    node_s = network.latency_s + job.node_bytes / network.bytes_per_s
    workers = machines * one.workers
    question_bytes = job.item_bytes * job.n_x + SHARE_BYTES * workers
    messages_s = 2 * network.latency_s + workers * (question_bytes + job.range_bytes) / network.bytes_per_s
    return Cost(
        machines=machines,
        share_bytes=share_bytes,
        bytes_per_s=one.bytes_per_s if fits else min(one.bytes_per_s, network.bytes_per_s),
        overhead_s=one.overhead_s,
        tree_s=math.ceil(math.log2(machines)) * node_s,
        messages_s=messages_s if machines > 1 else 0.0,
        asking_s=(workers - one.workers) * network.asking_s,
    )


def tree_pays_from(job: Job, one: Machine, network: Network) -> int:
    """Return from how many machines on a tree sums faster than one machine has exchanged all messages."""
    slower = (n for n in range(2, MOST + 1) if (c := cost(n, job, one, network)).tree_s >= c.messages_s)
    return max(slower, default=1) + 1


def best_as_built(job: Job, one: Machine, network: Network) -> Cost:
    """Return what a step costs on the number of machines that one scheduler serves best."""
    return min((cost(n, job, one, network) for n in range(1, MOST + 1)), key=lambda cost: cost.as_built_s)
