"""The next record for somebody: leases, skips and late answers, as decisions over the slots of single records.

A slot is one answer wanted. It is open, pending for somebody, leased, done, or withdrawn; a record never has more
answers counted and leases running than it has live slots, because each of them sits in a slot of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from apportion.vocabulary import CountDecision, WhyEmpty

from .rule_id import RuleId
from .states import RowState, Skip
from .team import Person

__all__ = [
    "CLAIM_LIMIT",
    "Claim",
    "Lease",
    "Load",
    "NewSlot",
    "Slot",
    "SubmitOutcome",
    "claim",
    "expire",
    "heartbeat",
    "loads_of",
    "release",
    "skip",
    "submit",
    "take_skip_back",
]

CLAIM_LIMIT = 20
_FIRST_RULE = RuleId(0, 0)
_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class Lease:
    """That somebody has the record open, until when, and the token that proves it."""

    annotator: str
    until: int
    token: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One answer wanted on a record. ``annotator`` is whom it is planned for; None: whoever takes it.

    ``pull`` says that the slot was open when it was planned, and is so again once it is given up. ``declined`` are
    those who skipped it.
    """

    id: int
    record: str
    annotator: str | None = None
    state: RowState = RowState.PENDING
    lease: Lease | None = None
    rule: RuleId = _FIRST_RULE
    priority: int = 0
    pull: bool = False
    due: int | None = None
    minutes: int = 30
    skip: Skip = Skip.NEXT_PERSON
    needs: tuple[tuple[str, str], ...] = ()
    declined: frozenset[str] = frozenset()
    deferred: int = 0
    """Number of times the slot was put back by "back to me": it then waits behind all that were not."""

    reveals_gold: bool | None = None
    """Of a check: whether its gold value is shown to whoever has answered it. None: it is no check."""

    def leased(self, now: int) -> bool:
        """Tell whether somebody has a lease on it that has not run out."""
        return self.lease is not None and self.lease.until > now and self.state is RowState.LEASED

    def free(self, now: int) -> bool:
        """Tell whether nobody is at it: pending, or leased by somebody whose lease has run out."""
        return self.state is RowState.PENDING or (self.state is RowState.LEASED and not self.leased(now))


@dataclass(frozen=True, slots=True)
class NewSlot(Slot):
    """A slot to be added to a record, without a number yet.

    The slot numbered ``like`` has the reason, the place in the plan and whatever else a ``Slot`` does not have.
    """

    like: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """Somebody's slots of one rule that gives them a cap: every slot that is theirs is counted once."""

    cap: int
    done: int = 0
    leased: int = 0
    """Leases that run, on open slots as well as on their own."""
    planned: int = 0
    """Slots that are theirs to do and that they have no lease on."""

    @property
    def full(self) -> bool:
        """True where the cap leaves no further open slot: each slot planned for them counts."""
        return self.done + self.leased + self.planned >= self.cap

    @property
    def begun(self) -> bool:
        """True where the cap leaves none of their own slots either, since so many are done or leased."""
        return self.done + self.leased >= self.cap

    @property
    def reached(self) -> bool:
        """True where as many answers of theirs count as may."""
        return self.done >= self.cap


def loads_of(slots: Iterable[Slot], name: str, caps: Mapping[RuleId, int], now: int) -> dict[RuleId, Load]:
    """Return what somebody has of each rule with a cap, given all slots of these rules."""
    found = {rule: Load(cap) for rule, cap in caps.items()}
    for slot in slots:
        load = found.get(slot.rule)
        if load is None:
            continue
        if slot.leased(now):
            if slot.lease is not None and slot.lease.annotator == name:
                found[slot.rule] = replace(load, leased=load.leased + 1)
        elif slot.annotator == name and slot.state is RowState.DONE:
            found[slot.rule] = replace(load, done=load.done + 1)
        elif slot.annotator == name and slot.free(now):
            found[slot.rule] = replace(load, planned=load.planned + 1)
    return found


@dataclass(frozen=True, slots=True)
class Claim:
    """Slots leased to somebody, how many more there are for them, and if none was leased, why."""

    slots: tuple[Slot, ...]
    left: int
    why_empty: WhyEmpty | None = None


def claim(
    slots: Iterable[Slot],
    me: Person,
    now: int,
    tokens: Sequence[str],
    *,
    loads: Mapping[RuleId, Load] | None = None,
) -> Claim:
    """Lease the next slots to somebody: their own planned ones by due date and order, then open ones they may take,
    then what they skipped to come back to.

    ``slots`` are all slots of every record in question; there is one of the ``tokens`` for each that is to be leased.
    What they have leased already comes first and its lease is renewed, so that asking twice takes nothing more.
    ``loads`` has, by rule, what they have where their number is limited, these slots included.

    If an eligible slot exists, one is returned; if none is, ``why_empty`` names the cause.
    """
    everything = list(slots)
    mine = {slot.record for slot in everything if _has(slot, me.name, now)}
    planned = {slot.record for slot in everything if slot.annotator == me.name and slot.free(now)}
    loads = dict(loads or {})
    limit = min(CLAIM_LIMIT, len(tokens))
    again = [
        slot
        for slot in everything
        if slot.leased(now) and slot.lease is not None and slot.lease.annotator == me.name
    ]
    again.sort(key=_urgency)
    reasons: list[WhyEmpty] = []
    found: list[Slot] = []
    if me.active:
        # What was put back behind everything else waits for open slots as well.
        for slot in sorted(
            everything, key=lambda each: (each.deferred > 0, each.annotator != me.name, *_urgency(each))
        ):
            why = _obstacle(slot, me, now, mine, loads)
            if slot.annotator is None and slot.record in planned:  # theirs comes in its own time
                why = WhyEmpty.OTHERS
            if why is None:
                found.append(slot)
                mine.add(slot.record)
                if slot.rule in loads:
                    loads[slot.rule] = _with_lease(loads[slot.rule], slot)
            elif slot.state is not RowState.WITHDRAWN:
                reasons.append(why)
    taken = [*again, *found][:limit]
    leased = tuple(
        replace(
            slot,
            state=RowState.LEASED,
            # A lease that is renewed keeps its token: two tabs of one person do not throw each other out.
            lease=Lease(
                me.name,
                now + slot.minutes * _MINUTE,
                slot.lease.token if slot.lease is not None and slot.leased(now) else token,
            ),
        )
        for slot, token in zip(taken, tokens, strict=False)
    )
    left = len(again) + len(found) - len(leased)
    if leased:
        return Claim(leased, left)
    if not me.active:
        return Claim((), 0, WhyEmpty.PAUSED)
    first = (WhyEmpty.CAP, WhyEmpty.PAST_DUE, WhyEmpty.NOT_ELIGIBLE, WhyEmpty.OTHERS, WhyEmpty.ALL_DONE)
    return Claim((), left, next((why for why in first if why in reasons), WhyEmpty.NOTHING_PLANNED))


def heartbeat(slot: Slot, token: str, now: int) -> Slot | None:
    """Return the slot with its lease renewed; None if the lease is not theirs any more."""
    if slot.lease is None or slot.lease.token != token or not slot.leased(now):
        return None
    return replace(slot, lease=replace(slot.lease, until=now + slot.minutes * _MINUTE))


def release(slot: Slot, token: str) -> Slot | None:
    """Return the slot without its lease, free again; None if the token is not of the current lease."""
    if slot.state is not RowState.LEASED or slot.lease is None or slot.lease.token != token:
        return None
    return replace(slot, state=RowState.PENDING, lease=None)


def expire(slots: Iterable[Slot], now: int) -> list[Slot]:
    """Return the slots whose lease has run out, free again. What is free already is not returned a second time."""
    return [
        replace(slot, state=RowState.PENDING, lease=None)
        for slot in slots
        if slot.state is RowState.LEASED and not slot.leased(now)
    ]


def skip(slot: Slot, me: str, policy: Skip | None = None) -> Slot:
    """Return the slot as it is once somebody has skipped it; ``policy`` wins over the slot's own.

    ``next_person``: open to anybody but them. ``back_to_me``: theirs again, behind everything else.
    ``drop``: nobody's, and the record wants one answer less.
    """
    policy = policy or slot.skip
    if policy is Skip.DROP:
        return replace(slot, state=RowState.SKIPPED, lease=None, annotator=me)
    if policy is Skip.BACK_TO_ME:
        return replace(slot, state=RowState.PENDING, lease=None, annotator=me, deferred=slot.deferred + 1)
    return replace(
        slot, state=RowState.PENDING, lease=None, annotator=None, pull=True, declined=slot.declined | {me}
    )


def take_skip_back(slot: Slot, me: str, lease: Lease, *, pull: bool) -> Slot | None:
    """Return the slot as it was before ``me`` skipped it, leased to them; None if it is not theirs to take any more.

    Somebody else may have it, have filled it, or it was withdrawn. ``pull`` says whether it was open when planned.
    """
    now = lease.until - slot.minutes * _MINUTE
    passed_on = me in slot.declined and slot.annotator is None and slot.free(now)
    deferred = slot.deferred > 0 and slot.annotator == me and slot.free(now)
    if not (passed_on or deferred or (slot.state is RowState.SKIPPED and slot.annotator == me)):
        return None
    return replace(
        slot,
        state=RowState.LEASED,
        lease=lease,
        annotator=None if pull else me,
        pull=pull,
        declined=slot.declined - {me},
        deferred=max(0, slot.deferred - 1),
    )


@dataclass(frozen=True, slots=True)
class SubmitOutcome:
    """The slot an answer fills as it is from now on, or None for an extra, and why."""

    slot: Slot | None
    why: CountDecision


def submit(
    slots: Iterable[Slot],
    me: Person,
    now: int,
    *,
    loads: Mapping[RuleId, Load] | None = None,
    teams: Collection[RuleId] | None = None,
) -> SubmitOutcome:
    """Find the slot of the record that an answer fills: one's own, leased or planned, else a free one one may take.

    ``slots`` are those of one record. An answer that no slot is left for is an extra: kept, never counted. A stale
    lease does not matter by itself: it is the slot that counts, and nobody else's is ever taken. ``loads`` has, by
    rule, what they have where their number is limited; ``teams`` are the rules whose open slots they may take (None:
    all).
    """
    limited = loads or {}
    live = sorted(
        (slot for slot in slots if slot.state not in (RowState.WITHDRAWN, RowState.SKIPPED)),
        # the one they had leased first, even where the lease has run out
        key=lambda slot: (slot.lease is None or slot.lease.annotator != me.name, *_urgency(slot)),
    )
    done = next((slot for slot in live if slot.state is RowState.DONE and slot.annotator == me.name), None)
    if done is not None:
        return SubmitOutcome(done, CountDecision.AGAIN)
    for slot in live:
        held = slot.leased(now) and slot.lease is not None and slot.lease.annotator == me.name
        planned = slot.annotator == me.name and slot.free(now)
        if held or planned:
            if slot.rule in limited and limited[slot.rule].reached:
                return SubmitOutcome(None, CountDecision.CAPPED)
            return SubmitOutcome(_filled(slot, me.name), CountDecision.OWN)
    why = CountDecision.FULL if live else CountDecision.NO_SLOT
    for slot in live:
        if not slot.free(now) or slot.annotator is not None or me.name in slot.declined:
            continue
        if teams is not None and slot.rule not in teams:
            why = CountDecision.OTHERS
        elif not me.can(slot.needs):
            why = CountDecision.INELIGIBLE
        elif slot.rule in limited and limited[slot.rule].full:
            why = CountDecision.CAPPED
        else:
            return SubmitOutcome(_filled(slot, me.name), CountDecision.OPEN)
    return SubmitOutcome(None, why)


def _filled(slot: Slot, name: str) -> Slot:
    return replace(slot, state=RowState.DONE, annotator=name, lease=None)


def _has(slot: Slot, name: str, now: int) -> bool:
    """Tell whether the slot holds an answer of this person: done, or open in front of them."""
    if slot.state is RowState.DONE or slot.state is RowState.SKIPPED:
        return slot.annotator == name
    return slot.leased(now) and slot.lease is not None and slot.lease.annotator == name


def _with_lease(load: Load, slot: Slot) -> Load:
    own = slot.annotator is not None
    return replace(load, leased=load.leased + 1, planned=load.planned - own)


def _obstacle(
    slot: Slot, me: Person, now: int, mine: Collection[str], loads: Mapping[RuleId, Load]
) -> WhyEmpty | None:
    """Return why somebody does not get a slot; None if they do."""
    if slot.state in (RowState.DONE, RowState.SKIPPED):
        return WhyEmpty.ALL_DONE if slot.annotator == me.name else WhyEmpty.OTHERS
    if slot.state is RowState.WITHDRAWN or not slot.free(now) or me.name in slot.declined:
        return WhyEmpty.OTHERS
    if slot.record in mine or slot.annotator not in (None, me.name):
        return WhyEmpty.OTHERS
    if slot.annotator is None and not me.can(slot.needs):
        return WhyEmpty.NOT_ELIGIBLE
    if slot.due is not None and slot.due < now:
        return WhyEmpty.PAST_DUE
    load = loads.get(slot.rule)
    if load is not None and (load.full if slot.annotator is None else load.begun):
        return WhyEmpty.CAP
    return None


def _urgency(slot: Slot) -> tuple[int, int, int, str, int]:
    return slot.deferred, slot.due if slot.due is not None else 2**63, slot.priority, slot.record, slot.id
