"""The codes that all layers share. Imports nothing of ours."""

from __future__ import annotations

from enum import Enum

__all__ = [
    "COMMAND_LINE",
    "MOST_RULES",
    "NAME_LENGTH",
    "NAME_PATTERN",
    "PASSWORD_LENGTHS",
    "SERVER",
    "SOMEBODY_UNKNOWN",
    "UNBOUNDED",
    "AnnotationState",
    "CountDecision",
    "EventArea",
    "EventCode",
    "HistoryReason",
    "MembershipRole",
    "Role",
    "Status",
    "Task",
    "WhyEmpty",
    "Word",
]

COMMAND_LINE = "command line"
"""Stands for the author of an event where a command opened the file; no username has a space."""
SERVER = "the server"
"""Stands for the author of an event that nobody asked for."""
SOMEBODY_UNKNOWN = "somebody unknown"
"""Stands for whoever tried to sign in with a name or a key that nobody has."""

UNBOUNDED = 4_611_686_018_427_387_904
"""Stands for no limit where a number is stored or compared: later than any time, more than there is of anything."""

NAME_PATTERN = r"^(?!-|_)[a-z0-9-_]+$"
"""Pattern of usernames, workspace names and dataset names; the one of 1.x."""
NAME_LENGTH = 200
"""Most characters of a name: in 1.x both names of a dataset together had to stay below Elasticsearch's limit of 255."""
PASSWORD_LENGTHS = (8, 100)
"""Fewest and most characters of a password."""
MOST_RULES = 1_000
"""Most labeling rules of a dataset, and most queries that are matched at once."""


class Word(str, Enum):
    """A string that is one of a few; prints as its value on every Python version."""

    def __str__(self) -> str:
        return str(self.value)


class Task(Word):
    """The kind of answer that the records of a dataset ask for."""

    TEXT_CLASSIFICATION = "TextClassification"
    TOKEN_CLASSIFICATION = "TokenClassification"  # noqa: S105
    TEXT2TEXT = "Text2Text"


class Status(Word):
    """The 1.x status of a record, as one viewer sees it."""

    DEFAULT = "Default"
    EDITED = "Edited"
    VALIDATED = "Validated"
    DISCARDED = "Discarded"


class AnnotationState(Word):
    """The state of one person's annotation of one record."""

    NONE = "none"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    DISCARDED = "discarded"


class WhyEmpty(Word):
    """The reason for which a claim returned nothing."""

    ALL_DONE = "all_done"
    NOTHING_PLANNED = "nothing_planned"
    PAUSED = "paused"
    CAP = "cap_reached"
    PAST_DUE = "past_due"
    NOT_ELIGIBLE = "not_eligible"
    OTHERS = "with_others"


class CountDecision(Word):
    """The reason for which an answer counts, or is kept as an extra."""

    OWN = "own_slot"
    OPEN = "open_slot"
    WANTED = "wanted"
    AGAIN = "replaces_earlier"
    NO_SLOT = "not_asked_for"
    FULL = "all_given"
    OTHERS = "for_others"
    CAPPED = "cap_reached"
    INELIGIBLE = "not_eligible"

    @property
    def counted(self) -> bool:
        """True if the answer counts in progress, consensus and agreement."""
        return self in (CountDecision.OWN, CountDecision.OPEN, CountDecision.WANTED, CountDecision.AGAIN)


class HistoryReason(Word):
    """The reason for which an earlier annotation or gold value is no longer the current one."""

    REPLACED = "replaced"
    OUTDATED = "outdated"
    """The text of the record was changed."""
    RECORD_DELETED = "record_deleted"
    DISCARDED_BY_QUERY = "discarded_by_query"
    ADJUDICATED = "adjudicated"
    IMPORTED = "imported"
    CONSENSUS_ACCEPTED = "consensus_accepted"
    UNDONE = "undone"
    GOLD_REPLACED = "gold_replaced"
    """The gold value was replaced or removed; the author is given as ``adjudicated:ana``."""
    GOLD_REMOVED = "gold_removed"
    MADE_INDIVIDUAL = "made_individual"
    """The dataset was shared before."""
    MADE_SHARED = "made_shared"


class Role(Word):
    """The role of a user everywhere."""

    ADMIN = "admin"
    ANNOTATOR = "annotator"


class MembershipRole(Word):
    """The role of an annotator within one workspace."""

    ANNOTATOR = "annotator"
    REVIEWER = "reviewer"
    MANAGER = "manager"


class EventArea(Word):
    """The subject of an event."""

    ANSWERS = "answers"
    PLANS = "plans"
    RECORDS = "records"
    DATASETS = "datasets"
    DOWNLOADS = "downloads"
    PEOPLE = "people"
    SIGN_IN = "sign_in"
    WEBHOOKS = "webhooks"
    SERVER = "server"


class EventCode(Word):
    """The code of an event."""

    area: EventArea

    def __new__(cls, code: str, area: EventArea = EventArea.ANSWERS) -> EventCode:
        """Make a member; each names its area, and looking one up needs none."""
        found = str.__new__(cls, code)
        found._value_ = code
        found.area = area
        return found

    SUBMITTED = "submitted", EventArea.ANSWERS
    DISCARDED = "discarded", EventArea.ANSWERS
    SKIPPED = "skipped", EventArea.ANSWERS
    TOOK_SKIP_BACK = "took_skip_back", EventArea.ANSWERS
    TOOK_BACK = "took_back", EventArea.ANSWERS
    ADJUDICATED = "adjudicated", EventArea.ANSWERS
    REMOVED_GOLD = "removed_gold", EventArea.ANSWERS
    COMMENTED = "commented", EventArea.ANSWERS
    REOPENED_COMMENT = "reopened_comment", EventArea.ANSWERS
    IMPORTED_GOLD = "imported_gold", EventArea.ANSWERS
    ACCEPTED_CONSENSUS = "accepted_consensus", EventArea.ANSWERS
    STARTED_JOB = "started_job", EventArea.ANSWERS
    UNDID_JOB = "undid_job", EventArea.ANSWERS

    ASSIGNED = "assigned", EventArea.PLANS
    EXTENDED = "extended", EventArea.PLANS
    NOT_EXTENDED = "not_extended", EventArea.PLANS
    REBALANCED = "rebalanced", EventArea.PLANS
    MOVED = "moved", EventArea.PLANS
    WITHDRAWN = "withdrawn", EventArea.PLANS
    UNDONE = "undone", EventArea.PLANS
    TOOK_RECORDS_BACK = "took_records_back", EventArea.PLANS

    LOGGED_RECORDS = "logged_records", EventArea.RECORDS
    IMPORTED_RECORDS = "imported_records", EventArea.RECORDS
    CHANGED_RECORD = "changed_record", EventArea.RECORDS
    DELETED_RECORDS = "deleted_records", EventArea.RECORDS
    DISCARDED_RECORDS = "discarded_records", EventArea.RECORDS

    CREATED = "created", EventArea.DATASETS
    COPIED = "copied", EventArea.DATASETS
    GATHERED = "gathered", EventArea.DATASETS
    DELETED = "deleted", EventArea.DATASETS
    RESTORED = "restored", EventArea.DATASETS
    PURGED = "purged", EventArea.DATASETS
    CLOSED = "closed", EventArea.DATASETS
    OPENED = "opened", EventArea.DATASETS
    CHANGED_SETTINGS = "changed_settings", EventArea.DATASETS
    CHANGED_POLICIES = "changed_policies", EventArea.DATASETS
    CHANGED_GUIDELINES = "changed_guidelines", EventArea.DATASETS
    CHANGED_TAGS = "changed_tags", EventArea.DATASETS
    ADDED_RULE = "added_rule", EventArea.DATASETS
    CHANGED_RULE = "changed_rule", EventArea.DATASETS
    DELETED_RULE = "deleted_rule", EventArea.DATASETS

    EXPORTED = "exported", EventArea.DOWNLOADS
    SCANNED = "scanned", EventArea.DOWNLOADS
    EXPORTED_AUDIT_LOG = "exported_audit_log", EventArea.DOWNLOADS
    EXPORTED_HOURS = "exported_hours", EventArea.DOWNLOADS

    CREATED_WORKSPACE = "created_workspace", EventArea.PEOPLE
    ADDED_MEMBER = "added_member", EventArea.PEOPLE
    CHANGED_MEMBER_ROLE = "changed_member_role", EventArea.PEOPLE
    REMOVED_MEMBER = "removed_member", EventArea.PEOPLE
    CREATED_USER = "created_user", EventArea.PEOPLE
    RESTORED_USER = "restored_user", EventArea.PEOPLE
    CHANGED_USER = "changed_user", EventArea.PEOPLE
    CHANGED_ROLE = "changed_role", EventArea.PEOPLE
    DEACTIVATED_USER = "deactivated_user", EventArea.PEOPLE
    RESET_KEY = "reset_key", EventArea.PEOPLE
    CHANGED_PASSWORD = "changed_password", EventArea.PEOPLE

    SIGNED_IN = "signed_in", EventArea.SIGN_IN
    SIGNED_OUT = "signed_out", EventArea.SIGN_IN
    SIGN_IN_REFUSED = "sign_in_refused", EventArea.SIGN_IN

    CREATED_WEBHOOK = "created_webhook", EventArea.WEBHOOKS
    CHANGED_WEBHOOK = "changed_webhook", EventArea.WEBHOOKS
    ENABLED_WEBHOOK = "enabled_webhook", EventArea.WEBHOOKS
    DISABLED_WEBHOOK = "disabled_webhook", EventArea.WEBHOOKS
    ROTATED_WEBHOOK_SECRET = "rotated_webhook_secret", EventArea.WEBHOOKS
    DELETED_WEBHOOK = "deleted_webhook", EventArea.WEBHOOKS
    PINGED_WEBHOOK = "pinged_webhook", EventArea.WEBHOOKS
    SENT_DELIVERY_AGAIN = "sent_delivery_again", EventArea.WEBHOOKS

    BACKED_UP = "backed_up", EventArea.SERVER
    RESTORED_BACKUP = "restored_backup", EventArea.SERVER
    MOVED_STORE = "moved_store", EventArea.SERVER
    REBUILT_INDEXES = "rebuilt_indexes", EventArea.SERVER
    PRUNED_AUDIT_LOG = "pruned_audit_log", EventArea.SERVER
