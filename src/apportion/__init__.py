"""Share text records out among annotators and bring one clean dataset back.

``import apportion as rg`` loads next to nothing: each name is looked up when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .listeners import Metrics, RGListenerContext, Search, listener
    from .monitoring import monitor
    from .sdk.agreement_results import Agreement
    from .sdk.api import (
        accept_consensus,
        adjudicate,
        agreement,
        annotators,
        assign,
        audit,
        change_webhook,
        configure_dataset,
        conflicts,
        copy,
        create_webhook,
        delete,
        delete_records,
        delete_webhook,
        deleted_datasets,
        events,
        explain,
        export,
        gather,
        get_workspace,
        guidelines,
        hours,
        list_datasets,
        load,
        log,
        log_async,
        my_work,
        next_records,
        ping_webhook,
        plan,
        plans,
        policies,
        progress,
        restore_dataset,
        rotate_webhook_secret,
        search,
        send_delivery_again,
        set_guidelines,
        set_policies,
        set_workspace,
        skip,
        submit,
        webhook_deliveries,
        webhooks,
    )
    from .sdk.async_client import AsyncClient
    from .sdk.client import Client
    from .sdk.datasets import (
        DatasetForText2Text,
        DatasetForTextClassification,
        DatasetForTokenClassification,
        read_datasets,
        read_pandas,
    )
    from .sdk.hub import from_hub, to_hub
    from .sdk.people import User, Workspace
    from .sdk.plan_changes import PlanChange
    from .sdk.plans import Plan
    from .sdk.records import (
        Text2TextRecord,
        TextClassificationRecord,
        TextGenerationRecord,
        TokenAttributions,
        TokenClassificationRecord,
    )
    from .sdk.session import active_client, init
    from .sdk.settings import TextClassificationSettings, TokenClassificationSettings

__all__ = [
    "Agreement",
    "AsyncClient",
    "Client",
    "DatasetForText2Text",
    "DatasetForTextClassification",
    "DatasetForTokenClassification",
    "Metrics",
    "Plan",
    "PlanChange",
    "RGListenerContext",
    "Search",
    "Text2TextRecord",
    "TextClassificationRecord",
    "TextClassificationSettings",
    "TextGenerationRecord",
    "TokenAttributions",
    "TokenClassificationRecord",
    "TokenClassificationSettings",
    "User",
    "Workspace",
    "__version__",
    "accept_consensus",
    "active_client",
    "adjudicate",
    "agreement",
    "annotators",
    "assign",
    "audit",
    "change_webhook",
    "configure_dataset",
    "conflicts",
    "copy",
    "create_webhook",
    "delete",
    "delete_records",
    "delete_webhook",
    "deleted_datasets",
    "events",
    "explain",
    "export",
    "from_hub",
    "gather",
    "get_workspace",
    "guidelines",
    "hours",
    "init",
    "list_datasets",
    "listener",
    "load",
    "log",
    "log_async",
    "monitor",
    "my_work",
    "next_records",
    "ping_webhook",
    "plan",
    "plans",
    "policies",
    "progress",
    "read_datasets",
    "read_pandas",
    "restore_dataset",
    "rotate_webhook_secret",
    "search",
    "send_delivery_again",
    "set_guidelines",
    "set_policies",
    "set_workspace",
    "skip",
    "submit",
    "to_hub",
    "webhook_deliveries",
    "webhooks",
]

_MODULES = {
    "agreement_results": ("Agreement",),
    "async_client": ("AsyncClient",),
    "client": ("Client",),
    "datasets": (
        "DatasetForText2Text",
        "DatasetForTextClassification",
        "DatasetForTokenClassification",
        "read_datasets",
        "read_pandas",
    ),
    "hub": ("from_hub", "to_hub"),
    "people": ("User", "Workspace"),
    "plan_changes": ("PlanChange",),
    "plans": ("Plan",),
    "records": (
        "Text2TextRecord",
        "TextClassificationRecord",
        "TextGenerationRecord",
        "TokenAttributions",
        "TokenClassificationRecord",
    ),
    "session": ("active_client", "init"),
    "settings": ("TextClassificationSettings", "TokenClassificationSettings"),
}
"""Modules of names; all others are functions of ``sdk.api``."""
_MODULE_OF = {name: f"sdk.{home}" for home, names in _MODULES.items() for name in names} | {
    "Metrics": "listeners",
    "RGListenerContext": "listeners",
    "Search": "listeners",
    "listener": "listeners",
    "monitor": "monitoring",
}

_GONE = {
    "app": "the server is started with `apportion server start`",
}


def __getattr__(name: str) -> Any:
    if name in __all__:
        home = _MODULE_OF.get(name, "sdk.api")
        found = globals()[name] = getattr(import_module(f"apportion.{home}"), name)
        return found
    # 1.x had the settings in the first
    if name in ("datasets", "labeling", "listeners", "metrics", "monitoring", "training"):
        return import_module(f"apportion.{name}")
    if name in _GONE:
        raise AttributeError(f"apportion has no {name!r}: {_GONE[name]}.")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
