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

from .allocation import LoadTable, RecordsToAllocate, WeightedShares, allocate, room_of
from .blocks import groups, pair_cycle, pairs_in_turn, turns
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
    desk: LoadTable, shares: WeightedShares, lot: AllocationBatch, turn: dict[str, int]
) -> list[AllocatedRows]:
    """Allocate a batch; update the load table and ``turn``: records allocated in turn so far, by label."""
    size, people = len(lot.records), len(lot.able)
    if not size or not lot.wanted or not people:
        return []
    if lot.on:
        return _greedy(desk, shares, lot, 0)
    room = room_of(desk, shares, lot.able, size)
    if lot.wanted >= people and min(room) == size:
        return [_everyone(desk, lot)]
    if lot.wanted == 1:
        return [_in_turn(desk, shares, lot, room)]
    alike = len({shares.weights[person] for person in lot.able}) == 1
    if alike and size <= _until_a_cap(desk, shares, lot):
        return _alike(desk, shares, lot, turn)
    if alike and size * lot.wanted > GREEDY_ROWS and people > lot.wanted:
        return _up_to_caps(desk, shares, lot, turn)
    return _greedy(desk, shares, lot, 0)


def _until_a_cap(desk: LoadTable, shares: WeightedShares, lot: AllocationBatch) -> int:
    """Return how many records can be allocated to people who are alike before any cap matters."""
    cap = min(shares.caps[person] for person in lot.able)
    loads = [desk.loads[person] for person in lot.able]
    return max(0, (cap - 2) * len(loads) - sum(loads)) // lot.wanted if max(loads) <= cap - 2 else 0


def _up_to_caps(
    desk: LoadTable, shares: WeightedShares, lot: AllocationBatch, turn: dict[str, int]
) -> list[AllocatedRows]:
    """Allocate to people who are alike except for caps: to all until the first is nearly full, by the greedy
    rule until they are full, and then to the others."""
    first = _until_a_cap(desk, shares, lot)
    then = min(len(lot.records), first + 3 * len(lot.able))
    chunks = _alike(desk, shares, _part(lot, 0, first), turn) if first else []
    chunks += _greedy(desk, shares, _part(lot, first, then), 0)
    able = tuple(person for person in lot.able if desk.loads[person] < shares.caps[person])
    return chunks + allocate_batch(desk, shares, replace(_part(lot, then, len(lot.records)), able=able), turn)


def _part(lot: AllocationBatch, start: int, stop: int) -> AllocationBatch:
    return replace(lot, records=lot.records[start:stop], keys=lot.keys[start:stop])


def _alike(
    desk: LoadTable, shares: WeightedShares, lot: AllocationBatch, turn: dict[str, int]
) -> list[AllocatedRows]:
    """Allocate records to two or more people each, all people being alike."""
    size, people = len(lot.records), len(lot.able)
    order = _relabelled(desk, lot)
    label = f"{lot.label}|{lot.wanted}|{hash_of(0, chr(0).join(desk.names[each] for each in lot.able)):016x}"
    first = turn.get(label, 0)
    loads = np.array([desk.loads[person] for person in order])
    if lot.wanted == 2:
        cycle = pair_cycle(people)[: first % (people * (people - 1) // 2)]
        level = len(set((loads - np.bincount(cycle.ravel(), minlength=people)).tolist())) == 1
        bulk = size
    else:
        level = len(set(loads.tolist())) == 1
        bulk = size // people * people
    small = size * lot.wanted <= GREEDY_ROWS
    if small and not (lot.wanted == 2 and level):
        return _greedy(desk, shares, lot, 0)
    if not level:
        catching_up = _catching_up(lot, desk)
        if catching_up is not None:
            one, rest = catching_up
            return allocate_batch(desk, shares, one, turn) + allocate_batch(desk, shares, rest, turn)
        # Leave enough records for those who are behind to catch up.
        behind = loads.max() - loads
        keep = int(max(behind.max(), -(-behind.sum() // lot.wanted))) + people
        bulk = max(0, size - keep) // people * people
    chunks = []
    if bulk:
        if lot.wanted == 2:
            drawn, engine = pairs_in_turn(people, first, bulk), Engine.PAIRS
            reason = Reason("pairs", (people,))
        else:
            drawn, engine = groups(people, lot.wanted, first, bulk), Engine.BLOCKS
            reason = Reason("blocks", (people, lot.wanted))
        turn[label] = first + bulk
        team = np.array(order)[drawn]
        seen_by(desk, team)
        slot = np.tile(np.arange(lot.wanted), bulk)
        record = np.repeat(lot.records[:bulk], lot.wanted)
        chunks.append(AllocatedRows(engine, record, team.ravel(), slot, reason))
    return chunks + _greedy(desk, shares, lot, bulk)


def _catching_up(lot: AllocationBatch, desk: LoadTable) -> tuple[AllocationBatch, AllocationBatch] | None:
    """Split off the records that bring up many people who are equally far behind; None if there are none."""
    lowest = min(desk.loads[person] for person in lot.able)
    near = tuple(person for person in lot.able if desk.loads[person] <= lowest + len(lot.able))
    ahead = [desk.loads[person] for person in lot.able if person not in near]
    if not ahead or len(near) <= lot.wanted:
        return None
    gap = min(ahead) - max(desk.loads[person] for person in near)
    count = min(len(lot.records), gap * len(near) // lot.wanted)
    if count * lot.wanted <= GREEDY_ROWS:
        return None
    return (
        replace(lot, records=lot.records[:count], keys=lot.keys[:count], able=near),
        replace(lot, records=lot.records[count:], keys=lot.keys[count:]),
    )


def _everyone(desk: LoadTable, lot: AllocationBatch) -> AllocatedRows:
    size, people = len(lot.records), len(lot.able)
    for place, person in enumerate(lot.able):
        desk.loads[person] += size
        for other in lot.able[place + 1 :]:
            desk.meet(person, other, size)
    slot = np.tile(np.arange(people), size)
    record = np.repeat(lot.records, people)
    return AllocatedRows(Engine.EVERYONE, record, np.array(lot.able)[slot], slot, Reason("everyone"))


def _in_turn(
    desk: LoadTable, shares: WeightedShares, lot: AllocationBatch, room: Sequence[int]
) -> AllocatedRows:
    loads = [desk.loads[person] for person in lot.able]
    weights = [shares.weights[person] for person in lot.able]
    order = {person: rank for rank, person in enumerate(_relabelled(desk, lot))}
    rank = [order[person] for person in lot.able]
    totals = due_totals(loads, weights, room, len(lot.records), rank)
    person = np.array(lot.able)[turns(loads, totals, weights, rank)]
    for each, total in zip(lot.able, totals, strict=True):
        desk.loads[each] = total
    record = lot.records[: len(person)]
    return AllocatedRows(
        Engine.TURNS, record, person, np.zeros(len(person), np.int64), Reason("turns", (len(lot.able),))
    )


def _greedy(desk: LoadTable, shares: WeightedShares, lot: AllocationBatch, start: int) -> list[AllocatedRows]:
    if start == len(lot.records):
        return []
    jobs = list(zip(lot.records[start:].tolist(), lot.keys[start:].tolist(), strict=True))
    before = list(desk.loads)
    dealt = allocate(desk, shares, RecordsToAllocate(jobs, lot.wanted, lot.able, lot.on or {}))
    if lot.wanted > 1 and not lot.on and len({shares.weights[person] for person in lot.able}) == 1:
        dealt = smooth(desk, lot.able, dealt, before)
    record = np.array([each[0] for each in dealt], dtype=np.int64)
    person = np.array([each[1] for each in dealt], dtype=np.int64)
    return [AllocatedRows(Engine.GREEDY, record, person, new_runs(record), [each[2] for each in dealt])]


def _relabelled(desk: LoadTable, lot: AllocationBatch) -> list[int]:
    """Return the people in an order that only the seed decides, by which the closed forms number them."""
    return sorted(lot.able, key=lambda person: desk.tie(lot.wanted, person))


def seen_by(desk: LoadTable, team: Column) -> None:
    """Count rows in the load table; ``team`` has one line per record and one column per slot."""
    people = len(desk.names)
    for person, more in enumerate(np.bincount(team.ravel(), minlength=people).tolist()):
        desk.loads[person] += more
    met = np.zeros(people * people, dtype=np.int64)
    for one in range(team.shape[1]):
        for other in range(one + 1, team.shape[1]):
            met += np.bincount(team[:, one] * people + team[:, other], minlength=people * people)
    desk.met(met.reshape(people, people))
