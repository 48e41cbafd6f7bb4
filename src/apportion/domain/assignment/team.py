"""The people who may get rows, and the skills that records need."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from apportion.domain.errors import ValidationError

from .read_plan import too_few
from .spec import MAX_TEAM, FromMetadata, Overlap, RuleSpec, UserEntry, WorkspaceEntry
from .states import counted

__all__ = [
    "NeedKind",
    "Person",
    "PlanningRecords",
    "expand_team",
    "named_people",
    "need_kinds",
    "skill_values",
]


@dataclass(frozen=True, slots=True)
class Person:
    """A person a rule may assign records to.

    Who is not ``active`` (paused, gone) keeps their rows and gets no more.
    """

    name: str
    weight: float = 1.0
    cap: int | None = None
    skills: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    active: bool = True

    def can(self, needs: Sequence[tuple[str, str]]) -> bool:
        """Return True if the person has every skill of ``needs``, pairs of skill and value."""
        return all(value in self.skills.get(skill, ()) for skill, value in needs)


@dataclass(frozen=True, slots=True)
class PlanningRecords:
    """The records that one rule's ``where`` matched, in any order.

    ``values`` has, for every key of ``RuleSpec.keys``, one value per record (None: it has none); ``logged``
    their index in the order of logging; ``held`` the people already on a record by other plans or by their
    own choice; ``gold`` the records with a gold value and who knows it, given only where they are used as
    checks.
    """

    ids: Sequence[str]
    values: Mapping[str, Sequence[Hashable]] = field(default_factory=dict)
    logged: Sequence[int] | None = None
    held: Mapping[str, Collection[str]] = field(default_factory=dict)
    gold: Mapping[str, Collection[str]] = field(default_factory=dict)

    def at(self, places: Sequence[int]) -> PlanningRecords:
        """Return only the records at these indexes."""
        return PlanningRecords(
            [self.ids[place] for place in places],
            {key: [column[place] for place in places] for key, column in self.values.items()},
            None if self.logged is None else [self.logged[place] for place in places],
            self.held,
            self.gold,
        )


@dataclass(frozen=True, slots=True)
class NeedKind:
    """A combination of needs that records have in common, so that the same people may take them."""

    needs: tuple[tuple[str, str], ...]
    held: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """Return a stable name, empty where nothing is needed."""
        held = f" not {','.join(sorted(self.held))}" if self.held else ""
        return " ".join(f"{skill}={value}" for skill, value in self.needs) + held

    def allows(self, person: Person) -> bool:
        return person.active and person.name not in self.held and person.can(self.needs)


def need_kinds(rule: RuleSpec, records: PlanningRecords) -> tuple[list[NeedKind], list[int] | None]:
    """Return the kinds of these records, and the number of each record's kind (None: all are of the first).

    A record without a value under a key of ``needs`` needs nothing; one with a list of values needs each of
    them.
    """
    columns = [(skill, records.values.get(key)) for key, skill in rule.needs]
    if not any(column is not None for _, column in columns) and not records.held:
        return [NeedKind(())], None
    known: dict[Hashable, int] = {}
    found: list[NeedKind] = []
    numbers: list[int] = []
    for place, record in enumerate(records.ids):
        asked = tuple(column[place] if column is not None else None for _, column in columns)
        held = frozenset(records.held.get(record, ()))
        number = known.get((asked, held))
        if number is None:
            needs = [
                (skill, value)
                for (skill, _), several in zip(columns, asked, strict=True)
                for value in skill_values(several)
            ]
            number = known[(asked, held)] = len(found)
            found.append(NeedKind(tuple(sorted(needs)), held))
        numbers.append(number)
    return found, numbers


def skill_values(value: Hashable) -> list[str]:
    """Return the values of one metadata entry, as texts: none, one, or those of a list."""
    if value is None or value == "":
        return []
    if isinstance(value, (tuple, frozenset)):
        return sorted({str(each) for each in value if each is not None})
    return [str(value)]


def named_people(rule: RuleSpec) -> list[str]:
    """Return the usernames that the rule itself names."""
    listed = rule.users if isinstance(rule.users, tuple) else ()
    return [entry.user for entry in listed if isinstance(entry, UserEntry)]


def expand_team(
    rule: RuleSpec,
    annotators: Sequence[str],
    workspaces: Mapping[str, Sequence[str]],
    *at: str | int,
) -> tuple[Person, ...]:
    """Return the team of a rule: everybody it names, sorted by name; an entry for a person wins over a
    workspace.

    ``annotators`` are those of the dataset's workspace, ``workspaces`` the people of those the rule names.
    Refuses a team smaller than the overlap, larger than 1,000, or empty, with ``at`` as the path of the rule.
    """
    team: dict[str, Person] = {}
    if rule.users is None or isinstance(rule.users, FromMetadata):
        team = {name: Person(name) for name in annotators}
    else:
        for entry in rule.users:
            if isinstance(entry, WorkspaceEntry):
                for name in workspaces[entry.workspace]:
                    team.setdefault(name, Person(name))
            else:
                team[entry.user] = Person(entry.user, entry.weight, entry.cap, entry.skills)
    check_team(rule, list(team.values()), *at)
    return tuple(team[name] for name in sorted(team))


def check_team(rule: RuleSpec, team: Sequence[Person], *at: str | int) -> None:
    """Refuse a team that cannot do what the rule asks, whatever the records."""
    active = sum(person.active for person in team)
    wrong: tuple[str, str] | None = None
    if not active:
        wrong = "users", "no one is there to assign to"
    elif len(team) > MAX_TEAM:
        wrong = (
            "users",
            f"a rule may have {counted(MAX_TEAM, 'person', 'people')}; this one has {len(team):,}",
        )
    elif isinstance(rule.overlap, Overlap) and rule.overlap.annotators > active:
        wrong = "overlap", too_few(rule.overlap.annotators, active)
    if wrong is not None:
        error = {"loc": [*at, wrong[0]], "msg": wrong[1], "type": "value_error"}
        raise ValidationError([error], model="AssignmentPlan")
