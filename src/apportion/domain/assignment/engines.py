"""Allocate the records of one kind: by a closed form where people are alike, else by the greedy rule.

The greedy rule keeps pairs within -2 … +3 of ideal, but looks at every person for every slot. So it allocates
small and uneven batches; the closed forms allocate one person each at any size, two each where people are
alike, and from 20,000 rows on three and more. The last records of a large batch are always allocated greedily
when the closed form cannot leave the loads even by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from apportion.domain.numpy_types import Column, NDArray, new_runs, np

from .allocation import RecordsToAllocate, allocate
from .blocks import groups, pair_cycle, pairs_in_turn, turns
from .load_table import LoadTable, WeightedShares, capacity_of
from .ordering import hash_of
from .quotas import due_totals
from .smoothing import smooth
from .states import Engine, Reason

__all__ = ["GREEDY_ROWS", "AllocatedRows", "AllocationBatch", "allocate_batch", "seen_by"]

GREEDY_ROWS = 20_000
"""Rows of a batch up to which the greedy rule is used where a closed form would be less even."""


@dataclass(frozen=True, slots=True)
class AllocationBatch:
    """Records of one kind, in keyed order, each to go to ``wanted`` of the people who are ``able``."""

    records: Column
    keys: NDArray[np.uint64]
    wanted: int
    able: tuple[int, ...]
    label: str = ""
    on: Mapping[int, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AllocatedRows:
    """Rows that one engine allocated: columns, and one reason for all or one for each."""

    engine: Engine
    record: Column
    person: Column
    slot: Column
    reasons: Reason | Sequence[Reason]


def allocate_batch(
    table: LoadTable, shares: WeightedShares, batch: AllocationBatch, turn: dict[str, int]
) -> list[AllocatedRows]:
    """Allocate a batch; update the load table and ``turn``: records allocated in turn so far, by label."""
    size, people = len(batch.records), len(batch.able)
    if not size or not batch.wanted or not people:
        return []
    if batch.on:
        return _greedy(table, shares, batch, 0)
    capacity = capacity_of(table, shares, batch.able, size)
    if batch.wanted >= people and min(capacity) == size:
        return [_everyone(table, batch)]
    if batch.wanted == 1:
        return [_in_turn(table, shares, batch, capacity)]
    alike = len({shares.weights[person] for person in batch.able}) == 1
    if alike and size <= _until_a_cap(table, shares, batch):
        return _alike(table, shares, batch, turn)
    if alike and size * batch.wanted > GREEDY_ROWS and people > batch.wanted:
        return _up_to_caps(table, shares, batch, turn)
    return _greedy(table, shares, batch, 0)


def _until_a_cap(table: LoadTable, shares: WeightedShares, batch: AllocationBatch) -> int:
    """Return how many records can be allocated to people who are alike before any cap matters."""
    cap = min(shares.caps[person] for person in batch.able)
    loads = [table.loads[person] for person in batch.able]
    return max(0, (cap - 2) * len(loads) - sum(loads)) // batch.wanted if max(loads) <= cap - 2 else 0


def _up_to_caps(
    table: LoadTable, shares: WeightedShares, batch: AllocationBatch, turn: dict[str, int]
) -> list[AllocatedRows]:
    """Allocate to people who are alike except for caps: to all until the first is nearly full, by the greedy
    rule until they are full, and then to the others."""
    first = _until_a_cap(table, shares, batch)
    then = min(len(batch.records), first + 3 * len(batch.able))
    chunks = _alike(table, shares, _part(batch, 0, first), turn) if first else []
    chunks += _greedy(table, shares, _part(batch, first, then), 0)
    able = tuple(person for person in batch.able if table.loads[person] < shares.caps[person])
    return chunks + allocate_batch(
        table, shares, replace(_part(batch, then, len(batch.records)), able=able), turn
    )


def _part(batch: AllocationBatch, start: int, stop: int) -> AllocationBatch:
    return replace(batch, records=batch.records[start:stop], keys=batch.keys[start:stop])


def _alike(
    table: LoadTable, shares: WeightedShares, batch: AllocationBatch, turn: dict[str, int]
) -> list[AllocatedRows]:
    """Allocate records to two or more people each, all people being alike."""
    size, people = len(batch.records), len(batch.able)
    order = _relabelled(table, batch)
    label = f"{batch.label}|{batch.wanted}|{hash_of(0, chr(0).join(table.names[each] for each in batch.able)):016x}"
    first = turn.get(label, 0)
    loads = np.array([table.loads[person] for person in order])
    if batch.wanted == 2:
        cycle = pair_cycle(people)[: first % (people * (people - 1) // 2)]
        level = len(set((loads - np.bincount(cycle.ravel(), minlength=people)).tolist())) == 1
        bulk = size
    else:
        level = len(set(loads.tolist())) == 1
        bulk = size // people * people
    small = size * batch.wanted <= GREEDY_ROWS
    if small and not (batch.wanted == 2 and level):
        return _greedy(table, shares, batch, 0)
    if not level:
        catching_up = _catching_up(batch, table)
        if catching_up is not None:
            one, rest = catching_up
            return allocate_batch(table, shares, one, turn) + allocate_batch(table, shares, rest, turn)
        # Leave enough records for those who are behind to catch up.
        behind = loads.max() - loads
        keep = int(max(behind.max(), -(-behind.sum() // batch.wanted))) + people
        bulk = max(0, size - keep) // people * people
    chunks = []
    if bulk:
        if batch.wanted == 2:
            drawn, engine = pairs_in_turn(people, first, bulk), Engine.PAIRS
            reason = Reason("pairs", (people,))
        else:
            drawn, engine = groups(people, batch.wanted, first, bulk), Engine.BLOCKS
            reason = Reason("blocks", (people, batch.wanted))
        turn[label] = first + bulk
        team = np.array(order)[drawn]
        seen_by(table, team)
        slot = np.tile(np.arange(batch.wanted), bulk)
        record = np.repeat(batch.records[:bulk], batch.wanted)
        chunks.append(AllocatedRows(engine, record, team.ravel(), slot, reason))
    return chunks + _greedy(table, shares, batch, bulk)


def _catching_up(batch: AllocationBatch, table: LoadTable) -> tuple[AllocationBatch, AllocationBatch] | None:
    """Split off the records that bring up many people who are equally far behind; None if there are none."""
    lowest = min(table.loads[person] for person in batch.able)
    near = tuple(person for person in batch.able if table.loads[person] <= lowest + len(batch.able))
    ahead = [table.loads[person] for person in batch.able if person not in near]
    if not ahead or len(near) <= batch.wanted:
        return None
    gap = min(ahead) - max(table.loads[person] for person in near)
    count = min(len(batch.records), gap * len(near) // batch.wanted)
    if count * batch.wanted <= GREEDY_ROWS:
        return None
    return (
        replace(batch, records=batch.records[:count], keys=batch.keys[:count], able=near),
        replace(batch, records=batch.records[count:], keys=batch.keys[count:]),
    )


def _everyone(table: LoadTable, batch: AllocationBatch) -> AllocatedRows:
    size, people = len(batch.records), len(batch.able)
    for place, person in enumerate(batch.able):
        table.loads[person] += size
        for other in batch.able[place + 1 :]:
            table.meet(person, other, size)
    slot = np.tile(np.arange(people), size)
    record = np.repeat(batch.records, people)
    return AllocatedRows(Engine.EVERYONE, record, np.array(batch.able)[slot], slot, Reason("everyone"))


def _in_turn(
    table: LoadTable, shares: WeightedShares, batch: AllocationBatch, capacity: Sequence[int]
) -> AllocatedRows:
    loads = [table.loads[person] for person in batch.able]
    weights = [shares.weights[person] for person in batch.able]
    order = {person: rank for rank, person in enumerate(_relabelled(table, batch))}
    rank = [order[person] for person in batch.able]
    totals = due_totals(loads, weights, capacity, len(batch.records), rank)
    person = np.array(batch.able)[turns(loads, totals, weights, rank)]
    for each, total in zip(batch.able, totals, strict=True):
        table.loads[each] = total
    record = batch.records[: len(person)]
    return AllocatedRows(
        Engine.TURNS, record, person, np.zeros(len(person), np.int64), Reason("turns", (len(batch.able),))
    )


def _greedy(
    table: LoadTable, shares: WeightedShares, batch: AllocationBatch, start: int
) -> list[AllocatedRows]:
    if start == len(batch.records):
        return []
    jobs = list(zip(batch.records[start:].tolist(), batch.keys[start:].tolist(), strict=True))
    before = list(table.loads)
    allocated = allocate(table, shares, RecordsToAllocate(jobs, batch.wanted, batch.able, batch.on or {}))
    if batch.wanted > 1 and not batch.on and len({shares.weights[person] for person in batch.able}) == 1:
        allocated = smooth(table, batch.able, allocated, before)
    record = np.array([each[0] for each in allocated], dtype=np.int64)
    person = np.array([each[1] for each in allocated], dtype=np.int64)
    return [AllocatedRows(Engine.GREEDY, record, person, new_runs(record), [each[2] for each in allocated])]


def _relabelled(table: LoadTable, batch: AllocationBatch) -> list[int]:
    """Return the people in an order that only the seed decides, by which the closed forms number them."""
    return sorted(batch.able, key=lambda person: table.tie(batch.wanted, person))


def seen_by(table: LoadTable, team: Column) -> None:
    """Count rows in the load table; ``team`` has one line per record and one column per slot."""
    people = len(table.names)
    for person, more in enumerate(np.bincount(team.ravel(), minlength=people).tolist()):
        table.loads[person] += more
    met = np.zeros(people * people, dtype=np.int64)
    for one in range(team.shape[1]):
        for other in range(one + 1, team.shape[1]):
            met += np.bincount(team[:, one] * people + team[:, other], minlength=people * people)
    table.met(met.reshape(people, people))
