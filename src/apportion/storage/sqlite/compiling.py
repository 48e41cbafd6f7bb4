"""From a parsed query to a plan: what each leaf asks of the index, of counters, or of the records."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from apportion.domain.datasets import Dataset
from apportion.domain.errors import InvalidTextSearchError
from apportion.domain.ids import RESOLVED
from apportion.domain.query import (
    And,
    Exists,
    MatchAll,
    Nested,
    Not,
    Or,
    Phrase,
    Piece,
    Query,
    Range,
    Term,
    Wildcard,
    field_regex,
)
from apportion.domain.terms import ANSWER_FIELDS, MENTION_SEPARATOR
from apportion.domain.text import exact_words, fold, words
from apportion.ports.records import Criteria
from apportion.vocabulary import Status, Task

from .answer_leaves import AnsweredLeaves
from .bounds import EXACT_FLOATS, bounds, exact, time_bounds
from .database import Link
from .matching import Leaf, LeafTest, NestedTest, WordTest, is_prefix, leaf_test, word_test
from .plans import (
    All,
    Between,
    Check,
    DoesNotFit,
    During,
    Having,
    Nothing,
    Plan,
    Text,
    These,
    both,
    either,
    refused,
    without,
)

__all__ = ["Compiler", "mirrors_of"]

MOST_EXPANSIONS = 10_000
_KEYWORDS = frozenset(
    {"status", "annotated_as", "predicted_as", "annotated_by", "predicted_by", "predicted"}
)  # fmt: skip
_TIMES = {"last_updated": "updated", "event_timestamp": "event"}


class Compiler:
    """Compiles queries on one dataset, as one viewer sees it."""

    def __init__(
        self, link: Link, dataset: Dataset, criteria: Criteria, vocabulary: Callable[[], list[str]]
    ) -> None:
        self._raw = link.raw
        self._dataset = dataset
        self._criteria = criteria
        self._viewer = criteria.viewer
        self._vocabulary = vocabulary
        self._mirrors = mirrors_of(self._raw, dataset.no)
        self._answered = AnsweredLeaves(self._raw, dataset, criteria)
        rows = self._raw.execute("SELECT name, no, kind FROM fields WHERE dataset = ?", (dataset.no,))
        self._fields: dict[str, tuple[int, str]] = {name: (no, kind) for name, no, kind in rows}

    def meant(self) -> Plan:
        """All that the criteria mean."""
        criteria = self._criteria
        plan = self.plan(criteria.query) if criteria.ids is None else self.ids(criteria.ids)
        if criteria.assigned_to is not None:
            plan = both([plan, self._before(criteria.assigned_to)])
        return plan

    def _before(self, person: str) -> Plan:
        """Records that somebody has been given, or has annotated."""
        field = self._fields.get("status")
        if self._viewer == RESOLVED:
            own = self._counted("annotated_by", Term("annotated_by", person))
        else:
            own = Nothing() if field is None else Having(field[0], self._viewer, None)
        return either([self._assigned(Term("assigned_to", person)), own])

    def ids(self, ids: Iterable[str]) -> Plan:
        """The records with these ids; unknown ones match nothing."""
        found: set[int] = set()
        for id in ids:
            row = self._raw.execute(
                "SELECT rid & 4294967295 FROM records WHERE dataset = ? AND id = ?", (self._dataset.no, id)
            ).fetchone()
            if row is not None:
                found.add(row[0])
        return These(frozenset(found)) if found else Nothing()

    def plan(self, query: Query) -> Plan:
        """What to look up for a query. Raises ``InvalidTextSearchError``."""
        match query:
            case MatchAll():
                return All()
            case Not(child):
                return without(self.plan(child))
            case And(children) | Or(children) if len(named := _named(children, "disagree")) > 1:
                others = [child for child in children if child not in named]
                differ = self._answered.disagree([child.text for child in named])
                join = both if isinstance(query, And) else either
                return join([differ, *(self.plan(child) for child in others)])
            case And(children):
                asked = [child for child in children if not _blank(child)]
                return both([self.plan(child) for child in asked]) if asked else Nothing()
            case Or(children):
                return either([self.plan(child) for child in children])
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
        if "*" in name and not _label_path(name):
            return either([self._leaf_if_it_fits(each, leaf) for each in self._names_like(name)])
        if name in ("text", "text.wordcloud"):
            return self._text(leaf)
        if name in _TIMES:
            return self._time(_TIMES[name], leaf)
        if name == "assigned_to" or name in self._mirrors:
            return self._assigned(leaf)
        if name == "assignment":
            return self._assignment(leaf)
        if name == "agreement":
            return self._agreement(leaf)
        if name == "disagree":
            return self._answered.disagree([leaf.text]) if isinstance(leaf, Term | Phrase) else Nothing()
        if name == "answered":
            return self._answered.during(*time_bounds(name, leaf))
        if name.partition(".")[0] == "compared":
            return self._compared(name, leaf)
        if (person := _label_path(name)) is not None:
            return self._label_of(person, leaf)
        if name == "annotated_by" and isinstance(leaf, Term) and leaf.text == "me" and self._criteria.me:
            leaf = Term(name, self._criteria.me)
        if name == "id":
            return self._id(leaf)
        if name == "text.exact" or name.startswith("inputs."):
            return self._part_of_text(name, leaf)
        if name == "multi_label" and self._dataset.task is not Task.TEXT_CLASSIFICATION:
            return Nothing()
        if name == "multi_label":
            wanted = leaf.text if isinstance(leaf, Term | Phrase) else ""
            return All() if wanted == str(bool(self._dataset.multi_label)).lower() else Nothing()
        if name.startswith("metadata._"):
            raise InvalidTextSearchError(f"Cannot search on field [{name}] since it is not indexed")
        if name in self._fields or name in _KEYWORDS:
            return self._counted(name, leaf)
        stem, _, analyser = name.rpartition(".")
        if analyser in ("text", "exact") and (stem in self._fields or stem in _KEYWORDS):
            return self._analysed_values(stem, analyser, leaf)
        return self._by_path(name, leaf)

    def _leaf_if_it_fits(self, name: str, leaf: Leaf) -> Plan:
        """One of several fields: a word asked of a number field is no match there, and no mistake."""
        try:
            return self._leaf(name, leaf)
        except DoesNotFit:
            return Nothing()

    def _names_like(self, pattern: str) -> list[str]:
        known = ["text", "id", *_KEYWORDS]
        known += [n for n, (_, kind) in self._fields.items() if kind != "input" or n.startswith("inputs.")]
        known = [name for name in known if name not in ("predicted_mentions", "mentions")]
        fits = field_regex(pattern).fullmatch
        return [name for name in dict.fromkeys(known) if fits(name) and not name.startswith("vectors.")]

    def _exists(self, name: str) -> Plan:
        if (person := _label_path(name)) is not None:
            return self._label_of(person, Wildcard(None, (Piece.ANY,)))
        if name.partition(".")[0] == "compared":
            return self._answered.compared()
        if "*" in name:
            return either([self._exists(each) for each in self._names_like(name)])
        if name == "multi_label":
            return All() if self._dataset.task is Task.TEXT_CLASSIFICATION else Nothing()
        if name in ("text", "text.exact", "text.wordcloud", "id", "status", "last_updated"):
            return All()
        if name == "event_timestamp":
            return During("event", -(1 << 62), 1 << 62)
        path, _, agent = name.partition(".")
        if path in ("predictions", "annotations"):
            return (
                self._exists("predicted_by" if path == "predictions" else "annotated_by")
                if not agent
                else (either([self._agent_exists(path, agent), self._under_agent_exists(name)]))
            )
        if name == "assigned_to" or name in self._mirrors:
            return self._assigned(Wildcard("assigned_to", (Piece.ANY,)))
        if name in ("metadata", "inputs"):
            return self._exists(f"{name}.*")
        if name.startswith("vectors."):
            name = name.removesuffix(".value")
        field = self._fields.get(name)
        if field is None:
            return Nothing() if name in _KEYWORDS else self._path_exists(name)
        no, kind = field
        if kind in ("float", "date"):
            return Between(no, float("-inf"), float("inf"))
        if kind.startswith("vector:"):
            rows = self._raw.execute("SELECT n FROM vectors WHERE field = ?", (no,))
            return These(frozenset(n for (n,) in rows))
        if kind == "nested":
            return Check(All(), LeafTest(name, Exists(name)))
        if kind == "input":
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
        """Records with an answer of whom the path may mean: agents' names may hold dots."""
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
        number = "CAST(value AS REAL)"
        condition = f"{number} {above} ? AND {number} {below} ?"
        return self._values(field[0], self._viewer, condition, (low, high))

    def _compared(self, name: str, leaf: Leaf) -> Plan:
        """Records on which agreement compares answers: whose, with which label, or last given when."""
        if name == "compared.at":
            return self._answered.compared_during(*time_bounds(name, leaf))
        if name == "compared.label":
            return self._answered.compared_as(word_test(leaf, exact=True))
        return self._answered.compared(leaf.text) if isinstance(leaf, Term | Phrase) else Nothing()

    def _label_of(self, name: str, leaf: Leaf) -> Plan:
        """Records that somebody, or with a star anybody, gave a label."""
        field = self._fields.get("annotated_as")
        if field is None:
            return Nothing()
        test, prefix = word_test(leaf, exact=True), _prefix_of(leaf)
        return either(
            [
                both([self._matching_values(field[0], viewer, test, prefix), self._submitted(viewer)])
                for viewer in self._answered.viewers(name)
            ]
        )

    def _submitted(self, viewer: int) -> Plan:
        """Records that somebody has submitted; a draft is nobody's business."""
        field = self._fields.get("status")
        if field is None:
            return Nothing()
        return self._values(field[0], viewer, "value = ?", (Status.VALIDATED.value,))

    # Assignments

    def _assigned(self, leaf: Leaf) -> Plan:
        """Records before somebody; of others nobody learns who annotates blind."""
        field = self._fields.get("assigned_to")
        if field is None:
            return Nothing()
        me = self._criteria.me
        if isinstance(leaf, Term) and leaf.text == "me" and me is not None:
            leaf = Term(leaf.field, me)
        test = word_test(leaf, exact=True)
        if self._criteria.alone:
            return self._values(field[0], 0, "value = ?", (me,)) if me is not None and test(me) else Nothing()
        if isinstance(leaf, Term | Phrase):
            return self._values(field[0], 0, "value = ?", (leaf.text,))
        return self._matching_values(field[0], 0, test, _prefix_of(leaf))

    def _assignment(self, leaf: Leaf) -> Plan:
        """Records by the state of their slots; in somebody's own view, of theirs."""
        field = self._fields.get("assignment")
        if field is None:
            return Nothing()
        test = word_test(leaf, exact=True)
        found = self._matching_values(field[0], self._viewer, test, "")
        if self._viewer == RESOLVED or not test("pending") or self._criteria.me is None:
            return found
        mine = self._assigned(Term("assigned_to", self._criteria.me))
        return either([found, both([mine, without(Having(field[0], self._viewer, None))])])

    # Text

    def _text(self, leaf: Leaf) -> Plan:
        match leaf:
            case Term(_, text) | Phrase(_, text, 0):
                found = words(text)
                return Text(_quoted(found)) if found else Nothing()
            case Phrase(_, text, slop):
                found = words(text)
                near = " ".join(f'"{word}"' for word in found)
                # FTS5 counts what may lie between the first and the last word, the others included.
                return Text(f"NEAR({near}, {slop + max(0, len(found) - 2)})") if found else Nothing()
            case Wildcard(_, pieces) if is_prefix(leaf):
                found = words(str(pieces[0]))
                return Text(_quoted(found) + "*") if found else Nothing()
            case Range():
                return self._expanded(word_test(leaf, exact=False), "")
            case _:
                prefix = (
                    fold(leaf.pieces[0])
                    if isinstance(leaf, Wildcard) and isinstance(leaf.pieces[0], str)
                    else ""
                )
                return self._expanded(word_test(leaf, exact=False), prefix)

    def _expanded(self, test: WordTest, prefix: str) -> Plan:
        """All words of the vocabulary that pass, as one search for any of them."""
        if prefix:
            rows = self._raw.execute(
                f"SELECT term FROM words_{self._dataset.no} WHERE term >= ? AND term < ?",
                (prefix, prefix + "\U0010ffff"),
            )
            candidates: Iterable[str] = (term for (term,) in rows)
        else:
            candidates = self._vocabulary()
        found = [word for word in candidates if test(word)]
        if len(found) > MOST_EXPANSIONS:
            raise refused(
                f"the pattern stands for {len(found):,} different words, more than {MOST_EXPANSIONS:,}; "
                "make it more specific"
            )
        return self._any_of(found)

    @staticmethod
    def _any_of(found: list[str]) -> Plan:
        return either(
            [Text(" OR ".join(f'"{w}"' for w in found[i : i + 200])) for i in range(0, len(found), 200)]
        )

    def _part_of_text(self, name: str, leaf: Leaf) -> Plan:
        """One input of several, or words as written: the index names candidates, the record decides."""
        inputs = self._inputs()
        if inputs == [name]:
            return self._text(leaf)
        exact = name not in inputs
        stem = name.removesuffix(".exact") if exact else name
        if stem != "text" and stem not in inputs:
            return Nothing()
        candidates: Plan = All()
        if isinstance(leaf, Term | Phrase):
            found = words(leaf.text)
            if found and isinstance(leaf, Phrase) and leaf.slop:  # other words may lie between
                candidates = Text(" AND ".join(_quoted([word]) for word in dict.fromkeys(found)))
            elif found:
                candidates = self._text(leaf)
        elif not exact:
            candidates = self._text(leaf)
        return Check(candidates, LeafTest(stem, leaf, exact_words if exact else words))

    # Counted fields

    def _counted(self, name: str, leaf: Leaf) -> Plan:
        field = self._fields.get(name)
        if name == "status":
            return self._status(leaf)
        if field is None:
            return Nothing()
        no, kind = field
        if kind in ("float", "date"):
            return self._number(name, no, kind, leaf)
        if kind in ("nested", "input") or kind.startswith("vector:"):
            return self._by_path(name, leaf)
        viewer = self._viewer_of(name)
        if kind == "long":
            return self._long(name, no, leaf)
        if isinstance(leaf, Term | Phrase):
            return self._values(no, viewer, "value = ?", (leaf.text,))
        return self._matching_values(no, viewer, word_test(leaf, exact=True), _prefix_of(leaf))

    def _status(self, leaf: Leaf) -> Plan:
        """``Default`` is the absence of the others."""
        test = word_test(leaf, exact=True)
        field = self._fields.get("status")
        wanted = {status.value for status in Status if test(status.value)}
        if field is None:
            return All() if Status.DEFAULT.value in wanted else Nothing()
        found = self._matching_values(field[0], self._viewer, test, "")
        if Status.DEFAULT.value in wanted:
            return either([found, without(Having(field[0], self._viewer, None))])
        return found

    def _values(self, field: int, viewer: int, condition: str, parameters: tuple[object, ...]) -> Plan:
        rows = self._raw.execute(
            f"SELECT vid FROM vals WHERE field = ? AND viewer = ? AND n > 0 AND {condition} LIMIT ?",
            (field, viewer, *parameters, MOST_EXPANSIONS + 1),
        ).fetchall()
        if len(rows) > MOST_EXPANSIONS:
            raise refused(
                f"it stands for more than {MOST_EXPANSIONS:,} different values; make it more specific"
            )
        return Having(field, viewer, tuple(vid for (vid,) in rows)) if rows else Nothing()

    def _matching_values(self, field: int, viewer: int, test: WordTest, prefix: str) -> Plan:
        rows = self._raw.execute(
            "SELECT vid, value FROM vals WHERE field = ? AND viewer = ? AND n > 0 AND value >= ? AND value < ?",
            (field, viewer, prefix, prefix + "\U0010ffff\U0010ffff"),
        )
        vids = tuple(vid for vid, value in rows if test(value))
        if len(vids) > MOST_EXPANSIONS:
            raise refused(
                f"it stands for {len(vids):,} different values, more than {MOST_EXPANSIONS:,}; "
                "make it more specific"
            )
        return Having(field, viewer, vids) if vids else Nothing()

    def _analysed_values(self, name: str, analyser: str, leaf: Leaf) -> Plan:
        """Words inside keyword values: tested on the distinct values, not on the records."""
        no, kind = self._fields.get(name, (0, ""))
        if not no or kind in ("float", "date"):
            return Nothing()
        inner = LeafTest("", leaf, exact_words if analyser == "exact" else words)
        return self._matching_values(no, self._viewer_of(name), inner.of_value, "")

    def _long(self, name: str, field: int, leaf: Leaf) -> Plan:
        low, high, include_low, include_high = bounds(name, leaf)
        if max(abs(low), abs(high)) < EXACT_FLOATS or {low, high} <= {float("-inf"), float("inf")}:
            return self._values(
                field, 0,
                f"num {'>=' if include_low else '>'} ? AND num {'<=' if include_high else '<'} ?", (low, high),
            )  # fmt: skip
        # Neighbours as large as this share a float: their digits decide.
        if isinstance(leaf, Term | Phrase):
            leaf = Range(None, leaf.text, leaf.text)
        assert isinstance(leaf, Range)
        first, last = exact(leaf.low, low), exact(leaf.high, high)

        def inside(value: str) -> bool:
            number = int(value)
            return (number > first or (include_low and number == first)) and (
                number < last or (include_high and number == last)
            )

        rows = self._raw.execute(
            "SELECT vid, value FROM vals WHERE field = ? AND viewer = 0 AND n > 0 AND num BETWEEN ? AND ?",
            (field, low, high),
        )
        vids = tuple(vid for vid, value in rows if inside(value))
        if len(vids) > MOST_EXPANSIONS:
            raise refused(f"it stands for more than {MOST_EXPANSIONS:,} different values")
        return Having(field, 0, vids) if vids else Nothing()

    def _number(self, name: str, field: int, kind: str, leaf: Leaf) -> Plan:
        if kind == "date":
            first, last = time_bounds(name, leaf)
            return Between(field, float(first), float(last))
        return Between(field, *bounds(name, leaf))

    def _time(self, column: str, leaf: Leaf) -> Plan:
        return During(column, *time_bounds(column, leaf))

    def _id(self, leaf: Leaf) -> Plan:
        if isinstance(leaf, Term | Phrase):
            return self.ids([leaf.text])
        test, prefix = word_test(leaf, exact=True), _prefix_of(leaf)
        rows = self._raw.execute(
            "SELECT id, rid & 4294967295 FROM records WHERE dataset = ? AND id >= ? AND id < ?",
            (self._dataset.no, prefix, prefix + "\U0010ffff\U0010ffff"),
        )
        return These(frozenset(n for id, n in rows if test(id)))

    # Everything else

    def _by_path(self, name: str, leaf: Leaf) -> Plan:
        """Paths inside the record that are not indexed: metrics, tokens, one agent's answers."""
        root, _, rest = name.partition(".")
        if root in ("predictions", "annotations"):
            candidates = self._some_agent(name) if rest else Nothing()
            return Check(candidates, leaf_test(name, leaf)) if candidates != Nothing() else Nothing()
        if root in ("tokens", "metrics"):
            return Check(self._candidates(name, leaf), leaf_test(name, leaf))
        return Nothing()

    def _candidates(self, name: str, leaf: Leaf) -> Plan:
        """What an index can say before records are read."""
        if name.startswith("metrics.") and ".mentions." in name:
            answered = "annotated_by" if name.startswith("metrics.annotated.") else "predicted_by"
            if name.endswith(".mentions.value") and isinstance(leaf, Term | Phrase):
                field = self._fields.get("mentions" if answered == "annotated_by" else "predicted_mentions")
                if field is None:
                    return Nothing()
                wanted = MENTION_SEPARATOR + leaf.text
                viewer = self._viewer if answered == "annotated_by" else 0
                return self._matching_values(field[0], viewer, lambda value: value.endswith(wanted), "")
            return self._exists(answered)
        if (
            name in ("tokens", "metrics.tokens.value")
            and isinstance(leaf, Term | Phrase)
            and words(leaf.text)
        ):
            return self._within_words(max(words(leaf.text), key=len))
        return All()

    def _within_words(self, part: str) -> Plan:
        """Records with a word that holds ``part``: tokens need not end where words do (``do`` + ``n't``)."""
        found = [word for word in self._vocabulary() if part in word]
        if len(found) > MOST_EXPANSIONS:
            return All()
        return self._any_of(found)


def mirrors_of(raw: sqlite3.Connection, dataset: int) -> frozenset[str]:
    """Fields of metadata under which plans show whom a record is assigned to."""
    rows = raw.execute(
        "SELECT DISTINCT json_extract(spec, '$.mirror') FROM plans WHERE dataset = ? "
        "AND json_extract(spec, '$.mirror') IS NOT NULL AND state IN ('live', 'undoing')",
        (dataset,),
    )
    return frozenset(f"metadata.{key}" for (key,) in rows)


def _label_path(name: str) -> str | None:
    """The person in ``annotations.<person>.label``."""
    if not name.startswith("annotations.") or not name.endswith(".label"):
        return None
    return name[len("annotations.") : -len(".label")] or None


def _named(children: Iterable[Query], name: str) -> list[Term | Phrase]:
    """The words that are asked of one field."""
    return [child for child in children if isinstance(child, Term | Phrase) and child.field == name]


def _blank(query: Query) -> bool:
    """A part of the text search that holds no word, such as a lone dash: it asks for nothing."""
    return (
        isinstance(query, Term | Phrase)
        and query.field in (None, "text", "text.wordcloud")
        and not words(query.text)
    )


def _quoted(found: list[str]) -> str:
    return '"' + " ".join(found) + '"'


def _prefix_of(leaf: Leaf) -> str:
    """Letters every match begins with."""
    return leaf.pieces[0] if isinstance(leaf, Wildcard) and isinstance(leaf.pieces[0], str) else ""
