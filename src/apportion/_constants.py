"""Names that 1.x notebooks import from `argilla._constants`."""

from apportion.sdk._connection import DEFAULT_KEY as DEFAULT_API_KEY
from apportion.sdk._http import KEY_HEADER as API_KEY_HEADER_NAME
from apportion.sdk._http import WORKSPACE_HEADER as WORKSPACE_HEADER_NAME

__all__ = [
    "API_KEY_HEADER_NAME",
    "DEFAULT_API_KEY",
    "DEFAULT_MAX_KEYWORD_LENGTH",
    "DEFAULT_PASSWORD",
    "DEFAULT_USERNAME",
    "ES_INDEX_REGEX_PATTERN",
    "WORKSPACE_HEADER_NAME",
]

DEFAULT_USERNAME = "argilla"
DEFAULT_PASSWORD = "1234"  # noqa: S105 what 1.x servers began with; ours know no such user
DEFAULT_MAX_KEYWORD_LENGTH = 128
ES_INDEX_REGEX_PATTERN = "^(?!-|_)[a-z0-9-_]+$"
