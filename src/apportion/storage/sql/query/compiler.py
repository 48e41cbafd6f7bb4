"""Compile a parsed query into a selection: look-ups in indexes and counters, or tests on the records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from pyroaring import BitMap

from apportion.domain.datasets import Dataset
from apportion.domain.errors import InvalidTextSearchError
from apportion.domain.ids import RESOLVED
from apportion.domain.query import (
    And,
    Exists,
    Fuzzy,
    MatchAll,
    Nested,
    Not,
    Or,
    Phrase,
    Query,
    Range,
    Regex,
    Term,
    Wildcard,
    WildcardPart,
    field_regex,
    with_rules,
)
from apportion.domain.terms import ANSWER_FIELDS, MENTION_SEPARATOR
from apportion.domain.text import exact_words, words
from apportion.ports.records import Criteria
from apportion.storage.sql.connection import SqlConnection
from apportion.vocabulary import UNBOUNDED, Status, Task

from .bounds import bounds, time_bounds
from .leaf_answers import AnsweredLeaves
from .leaf_assignments import AssignmentLeaves
from .leaf_text import TextLeaves
from .leaf_values import ValueLeaves, prefix_of
from .predicates import Leaf, LeafTest, NestedTest, is_prefix, leaf_test, word_test
from .selection import (
    All,
    Between,
    Check,
    During,
    Having,
    Nothing,
    Plan,
    These,
    TypeMismatchError,
    both,
    either,
    too_costly,
    without,
)

__all__ = ["QueryCompiler"]

_KEYWORDS = frozenset(
    {"status", "annotated_as", "predicted_as", "annotated_by", "predicted_by", "predicted"}
)  # fmt: skip
MOST_PATTERNS = 500
"""The most patterns of a query; each is tested on every word or value of a field."""
_TIMES = {"last_updated": "updated", "event_timestamp": "event"}


class QueryCompiler:
    """Compiler of queries on one dataset, as one viewer sees it."""

    def __init__(
        self,
        connection: SqlConnection,
        dataset: Dataset,
        criteria: Criteria,
        vocabulary: Callable[[], list[str]],
        mirrors: Collection[str],
    ) -> None:
        """``mirrors``: the metadata fields under which plans show the assignees of a record."""
        self._raw = connection.raw
        self._dataset = dataset
        self._criteria = criteria
        self._viewer = criteria.viewer
        self._deadline = connection.deadline
        self._mirrors = mirrors
        self._answered = AnsweredLeaves(self._raw, dataset, criteria, self._deadline)
        rows = self._raw.execute("SELECT name, no, kind FROM fields WHERE dataset = ?", (dataset.no,))
        self._fields: dict[str, tuple[int, str]] = {name: (no, kind) for name, no, kind in rows}
        self._values = ValueLeaves(self._raw, self._deadline)
        self._texts = TextLeaves(self._raw.dialect.texts(self._raw, dataset.no), vocabulary, self._deadline)
        self._slots = AssignmentLeaves(self._values, self._fields, criteria)

    def compile_criteria(self) -> Plan:
        """Compile the criteria: the query or the ids, and the person whose records are wanted."""
        criteria = self._criteria
        # Before counting: the queries of labeling rules bring patterns of their own
        query = with_rules(criteria.query, self._dataset.rules)
        if (many := _patterns_in(query)) > MOST_PATTERNS:
            raise too_costly(
                f"it has {many:,} patterns (stars inside or before words, regular expressions, words with ~), more "
                f"than {MOST_PATTERNS:,}; ask for fewer at once"
            )
        plan = self.compile(query) if criteria.ids is None else self.ids(criteria.ids)
        if criteria.assigned_to is not None:
            plan = both([plan, self._before(criteria.assigned_to)])
        return plan

    def _before(self, person: str) -> Plan:
        """Find records that are assigned to a person, or that they annotated."""
        field = self._fields.get("status")
        if self._viewer == RESOLVED:
            own = self._counted("annotated_by", Term("annotated_by", person))
        else:
            # In a view of one's own whatever has a status was annotated by oneself
            own = Nothing() if field is None else Having(field[0], self._viewer, None)
        return either([self._slots.assigned(Term("assigned_to", person)), own])

    def ids(self, ids: Iterable[str]) -> Plan:
        """Find the records with these ids; unknown ones match nothing."""
        found = BitMap()
        for id in self._deadline.each(ids):
            row = self._raw.execute(
                "SELECT rid & 4294967295 FROM records WHERE dataset = ? AND id = ?", (self._dataset.no, id)
            ).fetchone()
            if row is not None:
                found.add(row[0])
        return These(found) if found else Nothing()

    def compile(self, query: Query) -> Plan:
        """Compile a query. Raises ``InvalidTextSearchError``."""
        self._deadline.check()
        match query:
            case MatchAll():
                return All()
            case Not(child):
                return without(self.compile(child))
            case And(children) | Or(children) if len(named := _named(children, "disagree")) > 1:
                # Several people named together must differ from one another, not each from anybody
                others = [child for child in children if child not in named]
                differ = self._answered.disagree([child.text for child in named])
                join = both if isinstance(query, And) else either
                return join([differ, *(self.compile(child) for child in others)])
            case And(children):
                # Without any word left it finds nothing, not everything
                asked = [child for child in children if not _blank(child)]
                return both([self.compile(child) for child in asked]) if asked else Nothing()
            case Or(children):
                return either([self.compile(child) for child in children])
            case Nested(path, child):
                return Check(All(), NestedTest(path, child))
            case Exists(field):
                return self._exists(field)
            case Range(field, None, None):
                return self._exists(field or "text")
            case _:
                return self._leaf(query.field or "text", query)

    # Fields

    def _leaf(self, name: str, leaf: Leaf) -> Plan:
        if "*" in name and not _label_path(name):  # there the star stands for people, not for fields
            return either([self._leaf_if_it_fits(each, leaf) for each in self._names_like(name)])
        plan = self._leaf_of_its_own(name, leaf)
        return self._leaf_on_values(name, leaf) if plan is None else plan

    def _leaf_of_its_own(self, name: str, leaf: Leaf) -> Plan | None:
        """Compile a leaf on a name with a meaning of its own. Returns None for the names of stored values."""
        match name:
            case "text" | "text.wordcloud":
                return self._texts.text(leaf)
            case "last_updated" | "event_timestamp":
                return During(_TIMES[name], *time_bounds(_TIMES[name], leaf))
            case "assignment":
                return self._slots.state(leaf)
            case "agreement":
                return self._agreement(leaf)
            case "disagree":
                return self._answered.disagree([leaf.text]) if isinstance(leaf, Term | Phrase) else Nothing()
            case "answered":
                return self._answered.during(*time_bounds(name, leaf))
            case "id":
                return self._id(leaf)
            case "multi_label":
                return self._multi_label(leaf)
        if name == "assigned_to" or name in self._mirrors:
            return self._slots.assigned(leaf)
        if name.partition(".")[0] == "compared":
            return self._answered.on_compared(name, leaf)
        if (person := _label_path(name)) is not None:
            return self._label_of(person, leaf)
        return None

    def _leaf_on_values(self, name: str, leaf: Leaf) -> Plan:
        if name == "annotated_by" and isinstance(leaf, Term) and leaf.text == "me" and self._criteria.me:
            leaf = Term(name, self._criteria.me)
        if name == "text.exact" or name.startswith("inputs."):
            return self._texts.part(name, leaf, self._inputs())
        if name.startswith("metadata._"):
            raise InvalidTextSearchError(f"Cannot search on field [{name}] since it is not indexed")
        if name in self._fields or name in _KEYWORDS:
            return self._counted(name, leaf)
        stem, _, analyser = name.rpartition(".")
        if analyser in ("text", "exact") and (stem in self._fields or stem in _KEYWORDS):
            return self._analysed_values(stem, analyser, leaf)
        return self._by_path(name, leaf)

    def _multi_label(self, leaf: Leaf) -> Plan:
        """Find all records of the dataset or none: it is the same for all of them."""
        if self._dataset.task is not Task.TEXT_CLASSIFICATION:
            return Nothing()
        wanted = leaf.text if isinstance(leaf, Term | Phrase) else ""
        return All() if wanted == str(bool(self._dataset.multi_label)).lower() else Nothing()

    def _leaf_if_it_fits(self, name: str, leaf: Leaf) -> Plan:
        """Compile a leaf on one of several fields; a word does not match a number field, and is no error there."""
        try:
            return self._leaf(name, leaf)
        except TypeMismatchError:
            return Nothing()

    def _names_like(self, pattern: str) -> list[str]:
        known = ["text", "id", *_KEYWORDS]
        known += [n for n, (_, kind) in self._fields.items() if kind != "input" or n.startswith("inputs.")]
        known = [name for name in known if name not in ("predicted_mentions", "mentions")]
        fits = field_regex(pattern).fullmatch
        return [name for name in dict.fromkeys(known) if fits(name) and not name.startswith("vectors.")]

    def _exists(self, name: str) -> Plan:
        if (person := _label_path(name)) is not None:
            return self._label_of(person, Wildcard(None, (WildcardPart.ANY,)))
        if name.partition(".")[0] == "compared":
            return self._answered.compared()
        if "*" in name:
            return either([self._exists(each) for each in self._names_like(name)])
        match name:
            case "multi_label":
                return All() if self._dataset.task is Task.TEXT_CLASSIFICATION else Nothing()
            case "text" | "text.exact" | "text.wordcloud" | "id" | "status" | "last_updated":
                return All()
            case "event_timestamp":
                return During("event", -UNBOUNDED, UNBOUNDED)
            case "metadata" | "inputs":
                return self._exists(f"{name}.*")
        path, _, agent = name.partition(".")
        if path in ("predictions", "annotations"):
            return (
                self._exists("predicted_by" if path == "predictions" else "annotated_by")
                if not agent
                else (either([self._agent_exists(path, agent), self._under_agent_exists(name)]))
            )
        if name == "assigned_to" or name in self._mirrors:
            return self._slots.assigned(Wildcard("assigned_to", (WildcardPart.ANY,)))
        return self._value_exists(name.removesuffix(".value") if name.startswith("vectors.") else name)

    def _value_exists(self, name: str) -> Plan:
        """Find records with a stored value under a name."""
        field = self._fields.get(name)
        if field is None:
            return Nothing() if name in _KEYWORDS else self._path_exists(name)
        no, kind = field
        if kind in ("float", "date"):
            return Between(no, float("-inf"), float("inf"))
        if kind.startswith("vector:"):
            rows = self._raw.execute("SELECT n FROM vectors WHERE field = ?", (no,))
            return These(BitMap(n for (n,) in self._deadline.each(rows)))
        if kind == "nested":
            return Check(All(), LeafTest(name, Exists(name)))
        if kind == "input":
            # The only input there ever was: every record has it, and none needs to be read
            return All() if self._inputs() == [name] else Check(All(), LeafTest(name, Exists(name)))
        return Having(no, self._viewer_of(name), None)

    def _path_exists(self, name: str) -> Plan:
        if name.split(".")[0] not in ("tokens", "metrics"):
            stem, _, analyser = name.rpartition(".")
            _, kind = self._fields.get(stem, (0, ""))
            read = kind in ("keyword", "long", "boolean") or (kind == "input" and analyser == "exact")
            return self._exists(stem) if read and analyser in ("text", "exact") else Nothing()
        return Check(All(), leaf_test(name, Exists(name)))

    def _agent_exists(self, path: str, agent: str) -> Plan:
        by = "predicted_by" if path == "predictions" else "annotated_by"
        plans = [self._counted(name, Term(name, agent)) for name in (by, path) if name in self._fields]
        return either(plans)

    def _under_agent_exists(self, name: str) -> Plan:
        candidates = self._some_agent(name)
        return (
            candidates
            if isinstance(candidates, Nothing)
            else Check(candidates, leaf_test(name, Exists(name)))
        )

    def _some_agent(self, name: str) -> Plan:
        """Find records with an answer of any agent the path may mean: agents' names may contain dots."""
        root, *rest = name.split(".")
        return either([self._agent_exists(root, ".".join(rest[:cut])) for cut in range(1, len(rest))])

    def _inputs(self) -> list[str]:
        return [name for name, (_, kind) in self._fields.items() if kind == "input"]

    def _viewer_of(self, name: str) -> int:
        return self._viewer if name in ANSWER_FIELDS else 0

    # Answers

    def _agreement(self, leaf: Leaf) -> Plan:
        field = self._fields.get("agreement")
        if field is None:
            return Nothing()
        low, high, include_low, include_high = bounds("agreement", leaf)
        above, below = ">=" if include_low else ">", "<=" if include_high else "<"
        number = (
            "CAST(value AS DOUBLE PRECISION)"  # agreement is a keyword; only fields of kind long have ``num``
        )
        condition = f"{number} {above} ? AND {number} {below} ?"
        return self._values.having(field[0], self._viewer, condition, (low, high))

    def _label_of(self, name: str, leaf: Leaf) -> Plan:
        """Find records to which a person, or with a star anybody, gave a label."""
        # Each answer by itself, in its author's view: the resolved value may be nobody's
        field = self._fields.get("annotated_as")
        if field is None:
            return Nothing()
        test, prefix = word_test(leaf, exact=True), prefix_of(leaf)
        return either(
            [
                both([self._values.matching(field[0], viewer, test, prefix), self._submitted(viewer)])
                for viewer in self._answered.viewers(name)
            ]
        )

    def _submitted(self, viewer: int) -> Plan:
        """Find records with a submitted answer of a viewer; drafts must not be found by others."""
        field = self._fields.get("status")
        if field is None:
            return Nothing()
        return self._values.having(field[0], viewer, "value = ?", (Status.VALIDATED.value,))

    # Counted fields

    def _counted(self, name: str, leaf: Leaf) -> Plan:
        field = self._fields.get(name)
        if name == "status":
            return self._status(leaf)
        if field is None:
            return Nothing()
        no, kind = field
        if kind in ("float", "date"):
            return self._values.number(name, no, kind, leaf)
        if kind in ("nested", "input") or kind.startswith("vector:"):
            return self._by_path(name, leaf)
        viewer = self._viewer_of(name)
        if kind == "long":
            return self._values.long(name, no, leaf)
        if isinstance(leaf, Term | Phrase):
            return self._values.having(no, viewer, "value = ?", (leaf.text,))
        return self._values.matching(no, viewer, word_test(leaf, exact=True), prefix_of(leaf))

    def _status(self, leaf: Leaf) -> Plan:
        """Find records by status; ``Default`` is the absence of the others and not stored."""
        test = word_test(leaf, exact=True)
        field = self._fields.get("status")
        wanted = {status.value for status in Status if test(status.value)}
        if field is None:
            return All() if Status.DEFAULT.value in wanted else Nothing()
        found = self._values.matching(field[0], self._viewer, test, "")
        if Status.DEFAULT.value in wanted:
            return either([found, without(Having(field[0], self._viewer, None))])
        return found

    def _analysed_values(self, name: str, analyser: str, leaf: Leaf) -> Plan:
        """Find words inside keyword values: tested on the distinct values, not on the records."""
        no, kind = self._fields.get(name, (0, ""))
        if not no or kind in ("float", "date"):
            return Nothing()
        inner = LeafTest("", leaf, exact_words if analyser == "exact" else words)
        return self._values.matching(no, self._viewer_of(name), inner.of_value, "")

    def _id(self, leaf: Leaf) -> Plan:
        if isinstance(leaf, Term | Phrase):
            return self.ids([leaf.text])
        test, prefix = word_test(leaf, exact=True), prefix_of(leaf)
        # What all matching ids begin with narrows the range that is read
        rows = self._raw.execute(
            "SELECT id, rid & 4294967295 FROM records WHERE dataset = ? AND id >= ? AND id < ?",
            (self._dataset.no, prefix, prefix + "\U0010ffff\U0010ffff"),
        )
        found = BitMap(n for _, n in self._deadline.those(rows, lambda row: test(row[0])))
        return These(found) if found else Nothing()

    # Everything else

    def _by_path(self, name: str, leaf: Leaf) -> Plan:
        """Search paths inside the record that are not indexed: metrics, tokens, one agent's answers."""
        root, _, rest = name.partition(".")
        if root in ("predictions", "annotations"):
            candidates = self._some_agent(name) if rest else Nothing()
            return Check(candidates, leaf_test(name, leaf)) if candidates != Nothing() else Nothing()
        if root in ("tokens", "metrics"):
            return Check(self._candidates(name, leaf), leaf_test(name, leaf))
        return Nothing()

    def _candidates(self, name: str, leaf: Leaf) -> Plan:
        """Return the records that may match, as far as an index knows, before they are read."""
        if name.startswith("metrics.") and ".mentions." in name:
            answered = "annotated_by" if name.startswith("metrics.annotated.") else "predicted_by"
            if name.endswith(".mentions.value") and isinstance(leaf, Term | Phrase):
                field = self._fields.get("mentions" if answered == "annotated_by" else "predicted_mentions")
                if field is None:
                    return Nothing()
                wanted = MENTION_SEPARATOR + leaf.text
                viewer = self._viewer if answered == "annotated_by" else 0
                return self._values.matching(field[0], viewer, lambda value: value.endswith(wanted), "")
            return self._exists(answered)
        if (
            name in ("tokens", "metrics.tokens.value")
            and isinstance(leaf, Term | Phrase)
            and words(leaf.text)
        ):
            # The longest word is likely to be the rarest, and one is enough to narrow down
            return self._texts.within_words(max(words(leaf.text), key=len))
        return All()


def _patterns_in(query: Query) -> int:
    """Count the leaves that have to be tested on every word or value there is."""
    match query:
        case And(children) | Or(children):
            return sum(map(_patterns_in, children))
        case Not(child) | Nested(_, child):
            return _patterns_in(child)
        case Wildcard():
            return int(not is_prefix(query))
        case Regex() | Fuzzy():
            return 1
    return 0


def _label_path(name: str) -> str | None:
    """Return the person in ``annotations.<person>.label``; labels of an agent's spans have a similar path."""
    if not name.startswith("annotations.") or not name.endswith(".label") or name.endswith(".entities.label"):
        return None
    return name[len("annotations.") : -len(".label")] or None


def _named(children: Iterable[Query], name: str) -> list[Term | Phrase]:
    """Return the leaves that ask one field for words."""
    return [child for child in children if isinstance(child, Term | Phrase) and child.field == name]


def _blank(query: Query) -> bool:
    """Return True for a part of a text search without any word, such as a lone dash: it restricts nothing."""
    return (
        isinstance(query, Term | Phrase)
        and query.field in (None, "text", "text.wordcloud")
        and not words(query.text)
    )
