"""Indexes in a cluster of OpenSearch: create, check, fill and remove them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apportion.storage.sql.search_index import ContentRow, FieldsOfDataset, IndexRow

from .client import WRITES_WITHIN, BadAnswerError, OpenSearchClient
from .documents import documents_of, kinds_of, vectors_of
from .mapping import FORMAT, index_body, properties_of, vector_properties

__all__ = ["BrokenIndexError", "Indexes", "OtherFormError"]

_BYTES_AT_ONCE = 5_000_000


class BrokenIndexError(Exception):
    """An index cannot be used as it is; the message says why."""


class OtherFormError(BrokenIndexError):
    """An index was made by another version, and has to be made anew."""


class Indexes:
    """The indexes of one store. ``store`` is its id, which their names and they themselves carry."""

    def __init__(self, client: OpenSearchClient, store: str, *, replicas: int) -> None:
        self.client = client
        self.store = store
        self._replicas = replicas
        self._with_vectors: dict[str, bool] = {}

    def name(self, dataset: int, generation: int) -> str:
        """Return the name of an index."""
        return f"apportion-{self.store}-{dataset}-{generation}"

    def name_of(self, row: IndexRow) -> str:
        return self.name(row.dataset, row.generation)

    def names(self) -> set[str]:
        """Return the names of all indexes of the store that the cluster has."""
        found = self._ask("GET", f"/apportion-{self.store}-*/_settings", missing_ok=True)
        return set(found or ())

    def create(self, row: IndexRow, dataset: FieldsOfDataset, records: int) -> None:
        """Create an empty index; it replaces one that is left of an attempt that was cut short."""
        self.remove(row)
        kinds, vectors = kinds_of(dataset), vectors_of(dataset) if self.can_search_vectors() else None
        about = {"store": self.store, "dataset": row.dataset, "generation": row.generation}
        body = index_body(kinds, vectors, records=records, replicas=self._replicas, about=about)
        self._ask("PUT", f"/{self.name_of(row)}", body)

    def remove(self, row: IndexRow) -> None:
        """Remove an index, if there is one."""
        self.remove_named(self.name_of(row))

    def remove_named(self, name: str) -> None:
        self._ask("DELETE", f"/{name}", missing_ok=True)

    def can_search_vectors(self) -> bool:
        """Return whether every node of the cluster has the plugin for vectors, as far as we may know."""
        try:
            nodes = {each["name"] for each in self._rows_of("nodes", "name")}
            rows = self._rows_of("plugins", "name,component")
        except BadAnswerError as refused:
            if refused.status in (401, 403):  # the user may use indexes of ours, and look at nothing else
                return False
            raise
        return nodes <= {each["name"] for each in rows if each["component"] == "opensearch-knn"}

    def _rows_of(self, what: str, columns: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self._ask(
            "GET", f"/_cat/{what}", params={"format": "json", "h": columns}
        )
        return found

    def has_vectors(self, name: str) -> bool:
        """Return whether an index was made for vectors; asked of the cluster once."""
        if name not in self._with_vectors:
            # a search waits for it
            found = self.client.request("GET", f"/{name}/_mapping", missing_ok=True)
            if not found:
                return False
            self._with_vectors[name] = _meta_of(found).get("vectors") is True
        return self._with_vectors[name]

    def check(self, row: IndexRow, dataset: FieldsOfDataset) -> bool:
        """Check that an index is there, is ours, and has the mapping that it was given; add new fields to it.

        Return whether it has vectors. Raises ``BrokenIndexError``.
        """
        name, kinds = self.name_of(row), kinds_of(dataset)
        found = self._ask("GET", f"/{name}/_mapping", missing_ok=True)
        if not found:
            raise BrokenIndexError(f"the index {name} is not there any more")
        mappings, about = next(iter(found.values()))["mappings"], _meta_of(found)
        self._check_owner(name, row, about)
        vectors = vectors_of(dataset) if about.get("vectors") else None
        expected = index_body(kinds, vectors, records=1, replicas=0)["mappings"]["properties"]
        there = mappings.get("properties", {})
        for field, wanted in expected.items():
            if field in there and not _has(there[field], wanted):
                raise BrokenIndexError(f"the mapping of the index {name} was changed: field {field}")
        missing = {field: wanted for field, wanted in expected.items() if field not in there}
        if missing:
            unknown = missing.keys() - properties_of(kinds).keys() - vector_properties(vectors or {}).keys()
            if unknown:
                raise BrokenIndexError(
                    f"the mapping of the index {name} was changed: field {min(unknown)} is missing"
                )
            self._ask("PUT", f"/{name}/_mapping", {"properties": missing})
        return vectors is not None

    def _check_owner(self, name: str, row: IndexRow, about: Mapping[str, Any]) -> None:
        if (about.get("store"), about.get("dataset")) != (self.store, row.dataset):
            raise BrokenIndexError(f"the index {name} belongs to another store")
        if about.get("format") != FORMAT:
            raise OtherFormError(f"the index {name} has the form of another version")

    def send(
        self,
        row: IndexRow,
        dataset: FieldsOfDataset,
        rows: Sequence[ContentRow],
        *,
        gone: Sequence[int] = (),
        version: int,
    ) -> None:
        """Index records as they were at a change, and remove those that are gone; older requests change nothing."""
        # each time: a cluster that creates indexes by itself would do so in place of one that was removed
        vectors = self.check(row, dataset)
        name, lines, size = self.name_of(row), [], 0
        encode = self.client.encode
        # versions hold for deletions as well, so they go the same way as records
        for n in gone:
            lines.append(encode({"delete": _action(n, version)}))
        for found in documents_of(dataset, rows, vectors=vectors):
            lines += [encode({"index": _action(found["n"], version)}), encode(found)]
            size += len(lines[-1])
            if size > _BYTES_AT_ONCE:
                self._send(name, lines)
                lines, size = [], 0
        if lines:
            self._send(name, lines)

    def _send(self, name: str, lines: list[bytes]) -> None:
        try:
            self.client.send_bulk(name, lines)
        except BadAnswerError as refused:
            # 400: by its mapping, 404: it was removed; the same request would be refused for ever
            if refused.status in (400, 404):
                raise BrokenIndexError(f"the index {name} refuses records: {refused}") from refused
            raise

    def refresh(self, row: IndexRow) -> None:
        """Make what was sent searchable. Raises ``BadAnswerError`` where part of it may not be."""
        answer = self._ask("POST", f"/{self.name_of(row)}/_refresh")
        if answer["_shards"]["failed"]:
            raise BadAnswerError(503, "some shards couldn't be refreshed")

    def red(self, name: str) -> bool:
        """Return whether part of an index is not to be had."""
        found = self._ask("GET", f"/_cluster/health/{name}", params={"timeout": "1s", "level": "indices"})
        return bool(found["status"] == "red")

    def count(self, row: IndexRow) -> int:
        """Return how many records an index holds."""
        return int(self._ask("GET", f"/{self.name_of(row)}/_count")["count"])

    def _ask(self, method: str, path: str, body: object | None = None, **more: Any) -> Any:
        return self.client.request(method, path, body, seconds=WRITES_WITHIN, guarded=False, **more)


def _meta_of(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an index says of itself."""
    found: Mapping[str, Any] = next(iter(mapping.values()))["mappings"].get("_meta", {})
    return found


def _action(n: int, version: int) -> dict[str, Any]:
    # older versions are refused: requests that come late, or twice, do no harm
    return {"_id": str(n), "version": version, "version_type": "external"}


def _has(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Return whether a field has what it was given, besides what the cluster adds by itself."""
    return all(
        _has(there.get(key, {}), value) if isinstance(value, dict) else there.get(key) == value
        for key, value in wanted.items()
    )
