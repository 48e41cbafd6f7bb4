"""All settings: name, type, default, help. The only module that reads the environment."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from dataclasses import field as _field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from apportion.domain.addresses import CallPolicy
from apportion.domain.answer_limits import AnswerLimits
from apportion.domain.database_urls import place_of, read_database_url, read_search_urls

__all__ = ["PREFIX", "Loaded", "Settings", "SettingsError", "load_settings"]

PREFIX = "APPORTION_"
HOME = Path("~/.apportion")
LEAST_RETENTION = 30
"""Fewest days for which the audit log is kept: deletions must stay traceable to the person who made them."""


class SettingsError(Exception):
    """A setting has an invalid value; the message names the setting and the values that are valid."""


# Readers of values. Each reads text and raises ValueError with the rest of "must be …".


def _text(given: str) -> str:
    return given


def _path(given: str) -> Path:
    if not given.strip():
        raise ValueError("a folder")
    return Path(given).expanduser()


def _flag(given: str) -> bool:
    word = given.strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError("true or false")


def _number(low: int, high: int | None = None) -> Callable[[str], int]:
    wanted = f"a whole number from {low} to {high}" if high is not None else f"a whole number from {low} up"

    def read(given: str) -> int:
        try:
            number = int(given)
        except ValueError:
            raise ValueError(wanted) from None
        if number < low or (high is not None and number > high):
            raise ValueError(wanted)
        return number

    return read


def _retention(given: str) -> int:
    try:
        days = int(given)
    except ValueError:
        days = -1
    if days != 0 and not LEAST_RETENTION <= days <= 36_500:
        raise ValueError(f"0, or a whole number of days from {LEAST_RETENTION} to 36500")
    return days


def _seconds(given: str) -> float:
    try:
        number = float(given)
    except ValueError:
        number = 0.0
    if not 0 < number <= 86_400:
        raise ValueError("seconds, more than 0 and at most 86400")
    return number


def _one_of(*words: str) -> Callable[[str], str]:
    def read(given: str) -> str:
        word = given.strip().lower()
        if word not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return word

    return read


def _base_url(given: str) -> str:
    inner = given.strip().strip("/")
    if any(each in inner for each in "?#{} ") or "//" in inner:
        raise ValueError("a path such as / or /apportion/")
    return f"/{inner}/" if inner else "/"


def _names(given: str) -> tuple[str, ...]:
    """Read a JSON list or names between commas."""
    if given.strip().startswith("["):
        try:
            parsed = json.loads(given)
        except json.JSONDecodeError:
            raise ValueError("a JSON list, or names between commas") from None
        if not all(isinstance(each, str) for each in parsed):
            raise ValueError("a list of texts")
        return tuple(parsed)
    return tuple(each.strip() for each in given.split(",") if each.strip())


def _origins(given: str) -> tuple[str, ...]:
    origins = tuple(each.rstrip("/") for each in _names(given))
    if any(each != "*" and not each.startswith(("http://", "https://")) for each in origins):
        raise ValueError("origins such as https://team.example.org, or *")
    return origins


def _hosts(given: str) -> tuple[str, ...]:
    names = tuple(each.lower().rstrip(".") for each in _names(given))
    if any(":" in each or "/" in each for each in names):
        raise ValueError("names such as team.example.org, without a port, or *")
    return names


_IMAGE_HOST = re.compile(r"\*|(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")


def _image_hosts(given: str) -> tuple[str, ...]:
    hosts = tuple(each.lower() for each in _names(given))
    if not all(map(_IMAGE_HOST.fullmatch, hosts)):  # they become a part of the content security policy
        raise ValueError("hosts such as images.example.org, *.example.org or images.example.org:8443, or *")
    return hosts


def _networks(given: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(each, strict=False) for each in _names(given))
    except ValueError:
        raise ValueError("addresses or networks such as 127.0.0.1 or 10.0.0.0/8") from None


def _secret(given: str) -> str:
    if 0 < len(given) < 32:
        raise ValueError("at least 32 characters long")
    return given


def _timezone(given: str) -> str:
    try:
        if given != "UTC":  # known even where the system has no table of time zones
            ZoneInfo(given)
    except (KeyError, ValueError, OSError):
        raise ValueError("a time zone such as UTC or Europe/Madrid") from None
    return given


def _setting(
    default: Any, read: Callable[[str], Any], help: str, *, also: tuple[str, ...] = (), secret: bool = False
) -> Any:
    return _field(default=default, repr=not secret, metadata={"read": read, "help": help, "also": also})


@dataclass(frozen=True, slots=True)
class Settings:
    """A table of all settings: name, default, meaning, and the names 1.x has for it."""

    home: Path = _setting(  # noqa: RUF009 - a field, not a shared default
        HOME, _path, "Folder for everything that is kept.", also=("ARGILLA_HOME_PATH",)
    )
    database_url: str = _setting(
        "",
        read_database_url,
        "Address of a PostgreSQL database, for instance postgresql://user@host/database; when empty, everything is in "
        "one file in the home folder.",
        secret=True,
    )
    opensearch_url: str = _setting(
        "",
        read_search_urls,
        "Addresses of the nodes of an OpenSearch, by commas, for instance https://search.example.org:9200: there large "
        "datasets of a PostgreSQL database are searched. When empty, the database answers all searches.",
        secret=True,
    )
    opensearch_user: str = _setting("", _text, "User of OpenSearch.")
    opensearch_password: str = _setting("", _text, "Password of the user of OpenSearch.", secret=True)
    opensearch_ca: str = _setting(
        "", _text, "File with the certificates that OpenSearch is recognised by; default those of the system."
    )
    opensearch_replicas: int = _setting(
        0, _number(0, 10), "Copies of each index that OpenSearch keeps on further nodes."
    )
    search_from: int = _setting(
        500_000, _number(0), "Records from which on a dataset is searched in OpenSearch, where there is one."
    )
    host: str = _setting("127.0.0.1", _text, "Address to listen at; 0.0.0.0 for all.")
    port: int = _setting(6900, _number(0, 65535), "Port to listen at.")
    processes: int = _setting(
        1, _number(1, 256), "Server processes that share the port; more than one needs a PostgreSQL database."
    )
    readers: int = _setting(
        8,
        _number(1, 100),
        "Queries that a server answers at a time; on PostgreSQL it needs up to two connections for each, and 8 more.",
    )
    base_url: str = _setting(
        "/", _base_url, "Path under which everything is served.", also=("ARGILLA_BASE_URL",)
    )
    cors_origins: tuple[str, ...] = _setting(
        (),
        _origins,
        "Other web sites whose pages may call the API: a JSON list, or names between commas.",
        also=("ARGILLA_CORS_ORIGINS", "CORS_ORIGINS"),
    )
    docs_enabled: bool = _setting(
        True,
        _flag,
        "Serve the API's documentation at /api/docs.",
        also=("ARGILLA_DOCS_ENABLED", "DOCS_ENABLED"),
    )
    secret_key: str = _setting(
        "",
        _secret,
        "Signs sessions. When empty, one is generated and kept in the file `secret` in the home folder; with a "
        "PostgreSQL database it has to be given, the same for every server.",
        also=("ARGILLA_LOCAL_AUTH_SECRET_KEY", "SECRET_KEY"),
        secret=True,
    )
    token_minutes: int = _setting(
        30000,
        _number(1, 5_000_000),
        "How long a login lasts, in minutes.",
        also=("ARGILLA_LOCAL_AUTH_TOKEN_EXPIRATION_IN_MINUTES", "TOKEN_EXPIRATION_IN_MINUTES"),
    )
    embedded: bool = _setting(
        False, _flag, "Let other sites show the app in a frame, as a Hugging Face Space does; needs https."
    )
    embedded_in: tuple[str, ...] = _setting(
        (),
        _origins,
        "Sites that may show an embedded app in a frame: a JSON list, or names between commas; default any.",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        _hosts,
        "Names by which browsers may reach the server, besides localhost and addresses; default any, for `quickstart` "
        "none.",
    )
    image_hosts: tuple[str, ...] = _setting(
        (),
        _image_hosts,
        "Other hosts whose images records show at once: a JSON list, or names between commas such as "
        "images.example.org or *.example.org, or * for any. Those hosts learn who opens which record when. An image "
        "from elsewhere is opened in a tab of its own, by a click.",
    )
    trusted_proxy: tuple[IPv4Network | IPv6Network, ...] = _setting(
        (), _networks, "Addresses of proxies whose word about the caller's address and https is taken."
    )
    webhook_allow_private: bool = _setting(
        False,
        _flag,
        "Let webhooks call any address, also of this machine and its network, and without https.",
    )
    webhook_allow_networks: tuple[IPv4Network | IPv6Network, ...] = _setting(
        (),
        _networks,
        "Addresses that are not public which webhooks may call all the same, also without https.",
    )
    timezone: str = _setting("UTC", _timezone, "Time zone in which due dates end.")
    trash_days: int = _setting(7, _number(0, 36_500), "Days for which a deleted dataset can be restored.")
    audit_retention_days: int = _setting(
        0, _retention, "Days for which the audit log is kept, 30 at least; 0 keeps it for ever."
    )
    vectors_fields_limit: int = _setting(
        5, _number(0, 1000), "Vector names a dataset may have.", also=("ARGILLA_VECTORS_FIELDS_LIMIT",)
    )
    metadata_fields_limit: int = _setting(
        50, _number(1, 100), "Metadata keys a dataset may have.", also=("ARGILLA_METADATA_FIELDS_LIMIT",)
    )
    metadata_field_length: int = _setting(
        128,
        _number(1, 100_000),
        "Longest metadata value that is kept, in characters; under keys that begin with _, as `_image_url`, it is that "
        "of a text.",
        also=("ARGILLA_METADATA_FIELD_LENGTH",),
    )
    max_body: int = _setting(64 * 1024 * 1024, _number(1024), "Largest request, in bytes.")
    max_connections: int = _setting(
        200,
        _number(0),
        "Connections one address may have open at once, those of trusted proxies aside; 0 for any number.",
    )
    max_records: int = _setting(10_000, _number(1), "Records one request may log.")
    max_text: int = _setting(1_000_000, _number(1), "Longest text of a record, in characters.")
    max_columns: int = _setting(5_000, _number(1), "Columns that a file to be imported may have.")
    max_values: int = _setting(
        2_000_000,
        _number(1),
        "Cells of a file to be imported, and values inside them, all rows together; lists and objects of one request "
        "that logs records.",
    )
    max_answer_labels: int = _setting(
        1_000, _number(1), "Labels or spans that one answer, prediction or gold value may have."
    )
    max_answer_texts: int = _setting(100, _number(1), "Texts that one Text2Text answer may have.")
    max_answer_size: int = _setting(1_000_000, _number(1_000), "Largest answer as JSON, in bytes.")

    query_seconds: float = _setting(
        3.0,
        _seconds,
        "Computing time in seconds that a query may take; what takes longer is refused.",
    )
    figure_seconds: float = _setting(
        120.0,
        _seconds,
        "Computing time in seconds that agreement, metrics and plans may take to be worked out.",
    )

    min_free_disk: int = _setting(
        100 * 1024 * 1024,
        _number(0),
        "Free space on the disk, in bytes, below which the server is not ready.",
    )
    stop_seconds: int = _setting(
        8, _number(0, 600), "Seconds that a stopping server gives to requests it has started to answer."
    )
    log_format: str = _setting("text", _one_of("text", "json"), "Lines of the log: text or json.")
    log_level: str = _setting(
        "info",
        _one_of("debug", "info", "warning", "error"),
        "What is logged: info has a line a request, warning only what someone should look at.",
    )

    @property
    def prefix(self) -> str:
        """The prefix of every route: the base URL without its last slash."""
        return self.base_url.rstrip("/")

    @property
    def call_policy(self) -> CallPolicy:
        """The addresses that webhooks may call."""
        return CallPolicy(self.webhook_allow_private, self.webhook_allow_networks)

    @property
    def database(self) -> Path:
        """The path of the database file, which holds everything where no ``database_url`` is given."""
        return self.home / "apportion.db"

    @property
    def store_name(self) -> str:
        """Return the store as it is shown to people: a file, or a database without its user and password."""
        if not self.database_url:
            return str(self.database)
        return place_of(self.database_url)

    @property
    def answer_limits(self) -> AnswerLimits:
        """The most that one answer may have."""
        return AnswerLimits(
            self.max_answer_labels, self.max_answer_texts, self.max_text, self.max_answer_size
        )

    def signing_key(self) -> str:
        """Return the secret that signs sessions, generated when there is none yet."""
        if self.secret_key:
            return self.secret_key
        if self.database_url:
            raise SettingsError(
                "APPORTION_SECRET_KEY has to be given where the data are in PostgreSQL, the same for every server: "
                "by it each of them knows who has signed in at another. Make one with `openssl rand -base64 48`, "
                "and keep it as you keep passwords."
            )
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _stored_secret(self.home / "secret")


def _stored_secret(path: Path) -> str:
    """Return the secret in that file; created, and readable by its owner only, if there is none."""
    try:
        # O_EXCL: of two processes that start at once only one creates the secret. The mode is given here,
        # since a later chmod would leave a moment in which others can read it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_text("ascii").strip()
        if len(kept) >= 32:
            return kept
        raise SettingsError(f"{path} is damaged. Delete it; everyone then signs in again.") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        made = secrets.token_urlsafe(48)
        file.write(made + "\n")
    return made


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and notices about them for the person who starts the server."""

    settings: Settings
    notices: tuple[str, ...] = ()


_WITHOUT_MEANING: dict[str, str] = {
    "ARGILLA_DATABASE_URL": "everything is in one file in the home folder (APPORTION_HOME), or in the PostgreSQL "
    "database of APPORTION_DATABASE_URL",
    "ARGILLA_ELASTICSEARCH": "no Elasticsearch is needed",
    "ELASTICSEARCH": "no Elasticsearch is needed",
    "ARGILLA_ELASTICSEARCH_SSL_VERIFY": "no Elasticsearch is needed",
    "ELASTICSEARCH_SSL_VERIFY": "no Elasticsearch is needed",
    "ARGILLA_ELASTICSEARCH_CA_PATH": "no Elasticsearch is needed",
    "ARGILLA_NAMESPACE": "no Elasticsearch is needed",
    "ARGILLA_ENABLE_MIGRATION": "no Elasticsearch is needed",
    "ARGILLA_DEFAULT_ES_SEARCH_ANALYZER": "texts are always analysed the standard way",
    "ARGILLA_EXACT_ES_SEARCH_ANALYZER": "`.exact` always compares words between spaces",
    "ARGILLA_ES_RECORDS_INDEX_SHARDS": "no Elasticsearch is needed",
    "ES_RECORDS_INDEX_SHARDS": "no Elasticsearch is needed",
    "ES_RECORDS_INDEX_REPLICAS": "no Elasticsearch is needed",
    "ARGILLA_ENABLE_TELEMETRY": "nothing is ever sent anywhere",
    "ARGILLA_TELEMETRY_KEY": "nothing is ever sent anywhere",
    "ARGILLA_LOCAL_AUTH_ALGORITHM": "tokens are always signed with HS256",
    "ARGILLA_LOCAL_AUTH_TOKEN_API_URL": "the route is always /api/security/token",
    "ARGILLA_LOCAL_AUTH_USERS_DB_FILE": "bring such a file in with `apportion users import-1x`",
}

_GENERIC = frozenset({"ELASTICSEARCH", "ELASTICSEARCH_SSL_VERIFY"})
"""Names other programs use too: no notices about them, since they may be set for those programs."""


def load_settings(environ: Mapping[str, str] | None = None, **given: Any) -> Loaded:
    """Load settings from ``given`` (by name), else the environment, else their defaults.

    Variables of 1.x are understood where they still have a meaning, with one line of notice each.
    """
    environ = os.environ if environ is None else environ
    notices: list[str] = []
    values: dict[str, Any] = {}
    for each in fields(Settings):
        if given.get(each.name) is not None:
            values[each.name] = _read(each.name, each.metadata["read"], _as_text(given[each.name]), each.name)
            continue
        name = f"{PREFIX}{each.name.upper()}"
        if name in environ:
            values[each.name] = _read(each.name, each.metadata["read"], environ[name], name)
            continue
        for old in each.metadata["also"]:
            if old in environ and not _default_of_1x(old, environ[old], notices):
                values[each.name] = _read(each.name, each.metadata["read"], environ[old], old)
                notices.append(f"{old} is understood; its name is now {name}.")
                break
    unknown = given.keys() - {each.name for each in fields(Settings)}
    if unknown:
        raise SettingsError(f"There is no setting {', '.join(sorted(unknown))}.")
    notices += [
        f"{old} has no meaning here: {why}."
        for old, why in _WITHOUT_MEANING.items()
        if old in environ and old not in _GENERIC
    ]
    notices += _misspelled(environ)
    values["home"] = Path(values.get("home", Settings().home)).expanduser()
    return Loaded(Settings(**values), tuple(notices))


def _as_text(given: Any) -> str:
    return ",".join(map(str, given)) if isinstance(given, (list, tuple)) else str(given)


_SECRET = frozenset(each.name for each in fields(Settings) if not each.repr)


def _read(name: str, read: Callable[[str], Any], given: str, called: str) -> Any:
    try:
        return read(given)
    except ValueError as wrong:
        shown = "what it is" if name in _SECRET else repr(given)
        raise SettingsError(f"{called} must be {wrong}, not {shown}.") from None


def _default_of_1x(name: str, given: str, notices: list[str]) -> bool:
    """Return whether this is a secret of a 1.x setup that is well known or too short; a generated one is better."""
    if not name.endswith("SECRET_KEY") or len(given) >= 32:
        return False
    notices.append(f"{name} is too short to be safe and is ignored; a generated key is used.")
    return True


def _misspelled(environ: Mapping[str, str]) -> list[str]:
    known = {f"{PREFIX}{each.name.upper()}" for each in fields(Settings)}
    known |= {f"{PREFIX}{each}" for each in ("API_URL", "API_KEY", "WORKSPACE")}  # read by the client
    known |= {f"{PREFIX}NEW_PASSWORD", f"{PREFIX}NEW_API_KEY"}  # read by `apportion users`
    return [
        f"{each} is not a setting."
        for each in sorted(environ)
        if each.startswith(PREFIX) and each not in known
    ]
