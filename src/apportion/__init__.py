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
    from .sdk.agreement import (
        Agreement,
        accept_consensus,
        adjudicate,
        agreement,
        annotators,
        conflicts,
        export,
    )
    from .sdk.assignments import (
        assign,
        audit,
        events,
        explain,
        gather,
        guidelines,
        hours,
        my_work,
        next_records,
        plan,
        plans,
        policies,
        progress,
        set_guidelines,
        set_policies,
        skip,
        submit,
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
    from .sdk.plans import Plan, PlanChange
    from .sdk.records import (
        Text2TextRecord,
        TextClassificationRecord,
        TextGenerationRecord,
        TokenAttributions,
        TokenClassificationRecord,
    )
    from .sdk.session import (
        User,
        Workspace,
        active_client,
        configure_dataset,
        copy,
        delete,
        delete_records,
        deleted_datasets,
        get_workspace,
        init,
        list_datasets,
        load,
        log,
        log_async,
        restore_dataset,
        search,
        set_workspace,
    )
    from .sdk.settings import TextClassificationSettings, TokenClassificationSettings
    from .sdk.webhooks import (
        change_webhook,
        create_webhook,
        delete_webhook,
        ping_webhook,
        rotate_webhook_secret,
        send_delivery_again,
        webhook_deliveries,
        webhooks,
    )

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
    "agreement": (
        "Agreement",
        "accept_consensus",
        "adjudicate",
        "agreement",
        "annotators",
        "conflicts",
        "export",
    ),
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
    "plans": ("Plan", "PlanChange"),
    "records": (
        "Text2TextRecord",
        "TextClassificationRecord",
        "TextGenerationRecord",
        "TokenAttributions",
        "TokenClassificationRecord",
    ),
    "session": (
        "User",
        "Workspace",
        "active_client",
        "configure_dataset",
        "copy",
        "delete",
        "delete_records",
        "deleted_datasets",
        "get_workspace",
        "init",
        "list_datasets",
        "load",
        "log",
        "log_async",
        "restore_dataset",
        "search",
        "set_workspace",
    ),
    "settings": ("TextClassificationSettings", "TokenClassificationSettings"),
    "assignments": (
        "assign",
        "audit",
        "events",
        "explain",
        "gather",
        "guidelines",
        "hours",
        "my_work",
        "next_records",
        "plan",
        "plans",
        "policies",
        "progress",
        "set_guidelines",
        "set_policies",
        "skip",
        "submit",
    ),
    "webhooks": (
        "change_webhook",
        "create_webhook",
        "delete_webhook",
        "ping_webhook",
        "rotate_webhook_secret",
        "send_delivery_again",
        "webhook_deliveries",
        "webhooks",
    ),
}
_MODULE_OF = {name: f"sdk.{home}" for home, names in _MODULES.items() for name in names} | {
    "Metrics": "listeners",
    "RGListenerContext": "listeners",
    "Search": "listeners",
    "listener": "listeners",
    "monitor": "monitoring",
}

_GONE = {
    "labeling": (
        "weak labeling is not here yet. rg.load(name, query=…) finds what a rule would, and "
        "rg.active_client().add_dataset_labeling_rules(…) stores one"
    ),
    "app": "the server is started with `apportion server start`",
}


def __getattr__(name: str) -> Any:
    home = _MODULE_OF.get(name)
    if home is not None:
        found = globals()[name] = getattr(import_module(f"apportion.{home}"), name)
        return found
    if name in (
        "datasets",
        "listeners",
        "metrics",
        "monitoring",
        "training",
    ):  # 1.x had the settings in the first
        return import_module(f"apportion.{name}")
    if name in _GONE:
        raise AttributeError(f"apportion has no {name!r}: {_GONE[name]}.")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
