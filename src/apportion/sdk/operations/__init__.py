"""The operations of a server, each written once: signature, docstring and requests.

An operation is a generator function. Its first parameter is the connection; it yields requests, is sent the bodies of
their responses, and returns what the caller wants. The methods of ``Client`` and ``AsyncClient`` and the functions of
``apportion`` are made from it (``client_methods``, ``api``). One operation asks another with ``yield from``.
"""

from . import agreement, audit, datasets, metrics, people, plans, queue, records, webhooks, work

__all__ = [
    "agreement",
    "audit",
    "datasets",
    "metrics",
    "people",
    "plans",
    "queue",
    "records",
    "webhooks",
    "work",
]
