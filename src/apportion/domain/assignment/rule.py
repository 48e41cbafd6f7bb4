"""Plan one rule: anchors, the share for several people, the rest; then what can still be repaired."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import blake2b

from apportion.domain.numpy_types import Column, NDArray, new_runs, np
from apportion.domain.parts import parts_of

from .checks import capacity_for_work, checks_for, mixed_in, sparse
from .engines import GREEDY_ROWS, AllocatedRows, AllocationBatch, allocate_batch
from .load_table import LoadTable, shares_of
from .ordering import chosen, hashes, keyed, priorities, remix
from .repair import RepairState, Shortage, Shortfall, capacity_left, shortfall
from .rows import OPEN, RowFacts, RowsBuilder
from .spec import FromMetadata, Overlap, PlanSpec
from .state import RuleState
from .states import Engine, Mode, Phase, Reason, counted, holding, holding_after
from .team import NeedKind, Person, PlanningRecords, need_kinds, skill_values

__all__ = ["RulePlanner", "RuleTeam"]

_ANCHORS = 0x414E43484F52
_AT_ONCE = 20_000
"""Records handled by one call: while Python is within a call, no other thread runs."""
_KINDS = 200
"""Kinds of records above which those with the same needs are one kind, whoever has them already: another plan of
a thousand people has a pair of its own for every record."""


@dataclass(frozen=True, slots=True)
class RuleTeam:
    """The people of a rule, and what they have of it so far."""

    people: Sequence[Person]
    before: RuleState


class RulePlanner:
    """The planner of one rule, from records to rows.

    ``table`` has the rule's loads and the whole plan's pairs.
    """

    def __init__(
        self,
        spec: PlanSpec,
        number: int,
        team: RuleTeam,
        table: LoadTable,
        builder: RowsBuilder,
    ) -> None:
        assert spec.seed is not None
        people, before = team.people, team.before
        self.rule = spec.rules[number]
        self.short: list[Shortfall] = []
        self.warnings: list[str] = []
        self.engines: set[Engine] = set()
        self.after = before
        self._seed = spec.seed
        self._number = number
        self._table = table
        self._builder = builder
        self._before = before
        self._place = {name: place for place, name in enumerate(table.names)}
        self._people = sorted(people, key=lambda person: person.name)
        weight, cap = [1.0] * len(table.names), [None] * len(table.names)  # type: list[float], list[int | None]
        for person in people:
            weight[self._place[person.name]] = person.weight
            cap[self._place[person.name]] = person.cap
        self._weight, self._cap = weight, cap
        self._shares = shares_of(weight, cap)
        self._checks = None if spec.checks is None else spec.checks.exact_share
        self._like: dict[int, tuple[Reason, float]] = {}

    def run(self, records: PlanningRecords, gone: set[str]) -> bytes:
        """Add the rule's rows, add its records to ``gone``, and return the rule's part of the digest."""
        everything, keys = _in_keyed_order(self._seed, records, gone)
        field = everything.values.get(self.rule.order.by)
        priority = priorities(self.rule.order, keys, logged=everything.logged, field=field)
        digest = _digest(everything, keys)
        if self._checks is None:
            self._allocate_all(everything, keys, priority)
        else:
            known = [place for place, id in enumerate(everything.ids) if id in everything.gold]
            others = sorted(set(range(len(keys))).difference(known))
            if known:
                caps = [None if cap is None else capacity_for_work(cap, self._checks) for cap in self._cap]
                self._shares = shares_of(self._weight, caps)
            before = list(self._table.loads)
            self._allocate_all(everything.at(others), keys[others], priority[others])
            pool = everything.at(known)
            used = self._mix_in(pool, priority[known], self._checks, before)
            gone.difference_update(set(pool.ids).difference(used))
        loads = {name: load for name, load in zip(self._table.names, self._table.loads, strict=True) if load}
        self.after = replace(self.after, loads=loads)
        return digest

    def _mix_in(
        self, pool: PlanningRecords, priority: Column, share: Fraction, before: Sequence[int]
    ) -> set[str]:
        """Give everybody their checks, with reasons and chances of other rows so that none stands out."""
        team = [self._place[person.name] for person in self._people if person.active]
        wanted = {each: checks_for(self._table.loads[each] - before[each], share) for each in team}
        for each in team:
            cap = self._cap[each]
            if cap is not None:
                wanted[each] = max(0, min(wanted[each], cap - self._table.loads[each]))
        of_kind, numbers = need_kinds(self.rule, pool)
        barred = {}
        for place, id in enumerate(pool.ids):
            kind = of_kind[0 if numbers is None else numbers[place]]
            able = {self._place[person.name] for person in self._people if kind.allows(person)}
            barred[place] = {
                *set(team).difference(able),
                *(self._place.get(name, -1) for name in pool.gold[id]),
            }
        found = mixed_in(wanted, range(len(pool.ids)), barred)
        got = dict.fromkeys(team, 0)
        for _, person in found:
            got[person] += 1
            self._table.loads[person] += 1
        warning = sparse(len(pool.ids), wanted.values(), got.values())
        if warning is not None:
            self.warnings.append(warning)
        used = sorted({place for place, _ in found})
        first = self._builder.add_records([pool.ids[place] for place in used], priority[used])
        number = {place: first + rank for rank, place in enumerate(used)}
        # The reason of another row may name people who are not on this record.
        like = [
            (holding(reason, ()), chance)
            for reason, chance in (self._like.get(person, (Reason("everyone"), 1.0)) for _, person in found)
        ]
        records = np.array([number[place] for place, _ in found], dtype=np.int64)
        self._builder.add(
            records,
            np.array([person for _, person in found], dtype=np.int64),
            new_runs(records),
            np.array([self._builder.reason(reason) for reason, _ in like], dtype=np.int32),
            RowFacts(self._number, Phase.CHECK, np.array([chance for _, chance in like], dtype=np.float64)),
        )
        return {pool.ids[place] for place in used}

    def _allocate_all(self, mine: PlanningRecords, keys: NDArray[np.uint64], priority: Column) -> None:
        self._ids, self._keys = mine.ids, keys
        self._first = self._builder.add_records(mine.ids, priority)
        self._kinds, numbers = need_kinds(self.rule, mine)
        self._held: dict[int, list[int]] = {}
        if mine.held and len(self._kinds) > _KINDS:
            self._kinds, numbers = need_kinds(self.rule, replace(mine, held={}))
            self._held = {
                place: self._known(held) for place, id in enumerate(mine.ids) if (held := mine.held.get(id))
            }
        self._kind = np.zeros(len(mine.ids), np.int64) if numbers is None else np.array(numbers, np.int64)
        self._able = [
            tuple(self._place[person.name] for person in self._people if kind.allows(person))
            for kind in self._kinds
        ]
        self._want = np.zeros(len(mine.ids), dtype=np.int64)
        self._inclusion = np.ones(len(mine.ids))
        anchors, strata, turn = self._before.anchors, dict(self._before.strata), dict(self._before.turns)
        if isinstance(self.rule.users, FromMetadata):
            self._adopt(self.rule.users.key, mine.values.get(f"metadata.{self.rule.users.key}"))
        elif len(mine.ids):
            drawn = self._anchor(len(anchors))
            anchors += tuple(mine.ids[place] for place in drawn.tolist())
            self._start = list(self._table.loads)
            others = np.ones(len(mine.ids), dtype=np.bool_)
            others[drawn] = False
            rest = np.flatnonzero(others)
            anchored = Fraction(len(drawn), len(mine.ids))
            self._allocate_rest(rest, 1 - float(anchored), mine.values, strata, turn)
        self.after = RuleState({}, strata, anchors, turn)

    def _anchor(self, drawn: int) -> Column:
        """Give the anchors still missing to everybody; return their indexes."""
        missing = self.rule.anchors - drawn
        if missing <= 0:
            return np.zeros(0, dtype=np.int64)
        everybody = tuple(self._place[person.name] for person in self._people if person.active)
        fit = [number for number, able in enumerate(self._able) if able == everybody]
        fitting = np.isin(self._kind, fit)
        fitting[list(self._held)] = False
        open_to_all = np.flatnonzero(fitting)
        order = np.argsort(remix(self._keys[open_to_all], _ANCHORS), kind="stable")
        found = np.sort(open_to_all[order[:missing]])
        if len(found) < missing:
            self.warnings.append(
                f"{counted(missing, 'anchor')} wanted, but only {counted(len(found), 'record')} "
                "can be answered by everyone"
            )
        batch = AllocationBatch(found, self._keys[found], len(everybody), everybody, "anchors")
        chunks = allocate_batch(self._table, self._shares, batch, {})
        share = len(found) / max(1, len(open_to_all))
        why = Reason("anchor")
        for chunk in chunks:
            self._add(chunk, Phase.ANCHOR, np.full(len(chunk.record), share), why)
        empty = len(found) * len(everybody) - sum(len(chunk.record) for chunk in chunks)
        if empty:
            self.short.append(
                Shortfall(
                    empty, len(found), f"{counted(len(found), 'anchor')} for everyone: caps leave no room"
                )
            )
        return found

    def _allocate_rest(
        self,
        rest: Column,
        inclusion: float,
        values: Mapping[str, Sequence[Hashable]],
        strata: dict[str, tuple[int, int]],
        turn: dict[str, int],
    ) -> None:
        overlap = self.rule.overlap
        if not isinstance(overlap, Overlap):
            parts = [(len(self._people), rest, inclusion)]
        elif overlap.share == 1 or overlap.annotators == 1:
            parts = [(overlap.annotators, rest, inclusion)]
        else:
            column = values.get(overlap.stratify) if overlap.stratify else None
            groups = None if column is None else [column[place] for place in rest.tolist()]
            doubled, counts = chosen(self._seed, self._keys[rest], groups, overlap.exact_share, strata)
            strata.update(counts)
            parts = [
                (overlap.annotators, rest[doubled], inclusion * overlap.share),
                (1, rest[~doubled], inclusion * (1 - overlap.share)),
            ]
        chunks: list[AllocatedRows] = []
        for wanted, places, share in parts:
            self._inclusion[places] = share
            chunks += self._allocate_part(wanted, places, turn)
        if self.rule.mode is Mode.PUSH:
            chunks = self._repaired(chunks)
        for chunk in chunks:
            self._add(chunk, Phase.FIXED, self._inclusion[chunk.record])

    def _allocate_part(self, wanted: int, places: Column, turn: dict[str, int]) -> list[AllocatedRows]:
        """Allocate records that go to the same number of people: kinds that few people may take first."""
        chunks: list[AllocatedRows] = []
        missing: dict[tuple[str, int], list[int]] = {}
        for kind, own, able in self._scarce_first(places, wanted):
            possible = min(wanted, len(able))
            if possible < wanted and isinstance(self.rule.overlap, Overlap):
                anybody = any(person.active and person.can(kind.needs) for person in self._people)
                label = (
                    kind.label if anybody else NeedKind(kind.needs).label
                )  # without anybody skilled, naming who has it already would mislead
                counts = missing.setdefault((label, len(able)), [0, 0])
                counts[0] += (wanted - possible) * len(own)
                counts[1] += len(own)
            self._want[own] = possible
            if self.rule.mode is Mode.PULL:
                slot = np.tile(np.arange(possible), len(own))
                record = np.repeat(own, possible)
                chunks.append(
                    AllocatedRows(Engine.OPEN, record, np.full(len(record), OPEN), slot, Reason("open"))
                )
                continue
            there = self._known(kind.held)
            on = {place: has for place in own.tolist() if (has := self._held.get(place, there))}
            batch = AllocationBatch(own, self._keys[own], possible, able, kind.label, on)
            chunks += allocate_batch(self._table, self._shares, batch, turn)
        for (label, people), (slots, records) in missing.items():
            self.short.append(shortfall([label], Shortage(slots, records, wanted, people), None))
        return chunks

    def _scarce_first(
        self, places: Column, wanted: int
    ) -> Iterator[tuple[NeedKind, Column, tuple[int, ...]]]:
        """Yield records by kind, with the people who may take them: those that few may take first.

        Where records of one kind are with different people already, these are told apart only if that leaves too few.
        """
        kind_of = self._kind[places]
        scarce = sorted(
            range(len(self._kinds)), key=lambda each: (len(self._able[each]), self._kinds[each].label)
        )
        for number in scarce:
            kind, own, able = self._kinds[number], places[kind_of == number], self._able[number]
            if not self._held:
                if len(own):
                    yield kind, own, able
                continue
            free = set(able)
            too_few: dict[tuple[int, ...], list[int]] = {}
            with_others: list[int] = []
            with_nobody: list[int] = []
            for place in own.tolist():
                has = free.intersection(self._held.get(place, ()))
                if len(able) - len(has) < wanted:
                    too_few.setdefault(tuple(sorted(has)), []).append(place)
                else:
                    (with_others if place in self._held else with_nobody).append(place)
            for people in sorted(too_few, key=lambda has: (-len(has), has)):
                held = frozenset(self._table.names[person] for person in people)
                left = tuple(person for person in able if person not in people)
                yield NeedKind(kind.needs, held), np.array(too_few[people]), left
            for some in (with_others, with_nobody):
                if some:
                    yield kind, np.array(some), able

    def _known(self, names: Collection[str]) -> list[int]:
        """Return the numbers of people, as far as they are known to the plan."""
        return [self._place[name] for name in sorted(names) if name in self._place]

    def _repaired(self, chunks: list[AllocatedRows]) -> list[AllocatedRows]:
        """Return rows, moved where that fills empty slots or evens out loads; explain what stays empty."""
        record = np.concatenate([np.zeros(0, np.int64), *(chunk.record for chunk in chunks)])
        have = np.bincount(record, minlength=len(self._want))
        empty = np.flatnonzero(have < self._want)
        uneven = len(self._kinds) > 1 and len(record) <= GREEDY_ROWS
        if not len(empty) and not uneven:
            return chunks
        if len(self._kinds) == 1 and not self._held:
            self._explain(
                {frozenset(self._able[0]): [(int(p), int(self._want[p] - have[p])) for p in empty.tolist()]}
            )
            return chunks
        kind = dict(enumerate(self._kind.tolist()))
        fixed = self._held or {
            place: self._known(self._kinds[each].held)
            for place, each in kind.items()
            if self._kinds[each].held
        }
        repair = RepairState(self._table, self._shares, [frozenset(able) for able in self._able], kind, fixed)
        why: dict[tuple[int, int], Reason] = {}
        for chunk in chunks:
            reasons = (
                [chunk.reasons] * len(chunk.record) if isinstance(chunk.reasons, Reason) else chunk.reasons
            )
            for place, person, reason in zip(
                chunk.record.tolist(), chunk.person.tolist(), reasons, strict=True
            ):
                repair.place(place, person)
                why[place, person] = reason
        stuck: dict[frozenset[int], list[tuple[int, int]]] = {}
        for place in empty.tolist():
            for left in range(int(self._want[place] - have[place]), 0, -1):
                full = repair.fill(place)
                if full is not None:
                    stuck.setdefault(full, []).append((place, left))
                    break
        if uneven:
            repair.balance()
        self._explain(stuck)
        rows = repair.rows()
        reasons = self._reasons_now(rows, why, repair.moved, fixed)
        places = np.array([row[0] for row in rows], dtype=np.int64)
        slot = new_runs(places)
        self.engines.update(chunk.engine for chunk in chunks)
        return [
            AllocatedRows(Engine.GREEDY, places, np.array([row[1] for row in rows], np.int64), slot, reasons)
        ]

    def _reasons_now(
        self,
        rows: Sequence[tuple[int, int]],
        why: Mapping[tuple[int, int], Reason],
        moved: Mapping[tuple[int, int], str],
        fixed: Mapping[int, Sequence[int]],
    ) -> list[Reason]:
        """Return reasons of rows of which some were moved: each is true of the people on its record now."""
        names = self._table.names
        on = {place: {names[person] for person in fixed.get(place, ())} for place, _ in moved}
        for place, person in rows:
            if place in on:
                on[place].add(names[person])
        found = []
        for row in rows:
            if row in moved:
                found.append(Reason(moved[row]))
            else:
                reason = why[row]
                found.append(holding_after(reason, on[row[0]]) if row[0] in on else reason)
        return found

    def _explain(self, stuck: Mapping[frozenset[int], list[tuple[int, int]]]) -> None:
        """Add a shortfall per group of people who are too few: how many records compete for their slots."""
        for people, empty in stuck.items():
            # Records that need these people: there are not enough others for the answers they want.
            others = np.array([len(set(able) - people) for able in self._able])
            meets = np.array([not people.isdisjoint(able) for able in self._able])
            among = meets[self._kind] & (others[self._kind] < self._want)
            among[[place for place, _ in empty]] = True
            slots = sum(left for _, left in empty)
            rivals = np.unique(self._kind[among]).tolist()
            labels = [self._kinds[number].label for number in rivals]
            left = capacity_left(self._shares, self._start, sorted(people))
            wanted = int(self._want[among].max(initial=1))
            needed = int((self._want - others[self._kind])[among].max(initial=1))
            records = int(np.count_nonzero(among))
            self.short.append(shortfall(labels, Shortage(slots, records, wanted, len(people)), left, needed))

    def _adopt(self, key: str, column: Sequence[Hashable] | None) -> None:
        """Assign the records to the people they name, as far as these are in the team."""
        team = {person.name for person in self._people if person.active}
        non_members: dict[str, int] = {}
        record, person = [], []
        nameless = 0
        for place in range(len(self._ids)):
            names = skill_values(column[place]) if column is not None else []
            nameless += not names
            there: list[int] = []
            for name in names:
                if name not in team:
                    non_members[name] = non_members.get(name, 0) + 1
                    continue
                self._table.take(self._place[name], there)
                there.append(self._place[name])
            record += [place] * len(there)
            person += there
        for name, count in sorted(non_members.items()):
            says = f"{counted(count, 'record')} under {key!r} {'names' if count == 1 else 'name'} {name!r}"
            self.short.append(Shortfall(count, count, f"{says}, who does not annotate here"))
        if nameless:
            says = f"{counted(nameless, 'record')} {'has' if nameless == 1 else 'have'} no one under {key!r}"
            self.short.append(Shortfall(nameless, nameless, says))
        places = np.array(record, dtype=np.int64)
        slot = new_runs(places)
        chunk = AllocatedRows(
            Engine.ADOPTED, places, np.array(person, np.int64), slot, Reason("adopted", (key,))
        )
        self._add(chunk, Phase.ADOPTED, np.ones(len(record)))

    def _add(self, chunk: AllocatedRows, phase: Phase, inclusion: Column, why: Reason | None = None) -> None:
        self.engines.add(chunk.engine)
        reasons = why or chunk.reasons
        number: Column | int
        if isinstance(reasons, Reason):
            number = self._builder.reason(reasons)
        else:
            number = np.array([self._builder.reason(each) for each in reasons], dtype=np.int32)
        if self._checks is not None:
            for person, row in zip(*np.unique(chunk.person, return_index=True), strict=True):
                reason = reasons if isinstance(reasons, Reason) else reasons[int(row)]
                self._like[int(person)] = reason, float(inclusion[row])
        self._builder.add(
            chunk.record + self._first,
            chunk.person,
            chunk.slot,
            number,
            RowFacts(self._number, phase, inclusion),
        )


def _in_keyed_order(
    seed: int, records: PlanningRecords, gone: set[str]
) -> tuple[PlanningRecords, NDArray[np.uint64]]:
    """Return the records nobody has yet, once each, with hashes, in keyed order whatever the order given."""
    ids = list(records.ids)
    new: set[str] = set()
    for part in parts_of(ids, _AT_ONCE):
        new.update(part)
    if len(new) < len(ids) or not gone.isdisjoint(new):
        first = {each: place for place, each in reversed(list(enumerate(ids))) if each not in gone}
        keep: Sequence[int] = sorted(first.values())
        ids = [ids[place] for place in keep]
    else:
        keep = range(len(ids))
    for part in parts_of(ids, _AT_ONCE):
        gone.update(part)
    values = hashes(seed, ids)
    places_in_order = keyed(values, ids)
    places: list[int] = []
    if records.values or records.logged is not None:
        places = [keep[place] for place in places_in_order.data]
    mine = PlanningRecords(
        [ids[place] for place in places_in_order.data],
        {key: [column[place] for place in places] for key, column in records.values.items()},
        None if records.logged is None else [records.logged[place] for place in places],
        records.held,
        records.gold,
    )
    return mine, values[places_in_order]


def _digest(records: PlanningRecords, keys: NDArray[np.uint64]) -> bytes:
    """Return the records' part of the digest: their ids, and the values that the rule reads."""
    hasher = blake2b(keys.astype("<u8").tobytes(), digest_size=16)
    for key in sorted(records.values):
        hasher.update(repr((key, list(records.values[key]))).encode("utf-8", "surrogatepass"))
    hasher.update(repr(sorted((record, sorted(names)) for record, names in records.held.items())).encode())
    if records.gold:
        hasher.update(
            repr(sorted((record, sorted(names)) for record, names in records.gold.items())).encode()
        )
    return hasher.digest()
