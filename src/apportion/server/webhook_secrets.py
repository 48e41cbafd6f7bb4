"""Secrets of webhooks, derived from the server's own secret key and a salt each (HKDF, RFC 5869, with SHA-256)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

__all__ = ["DerivedSecrets"]

_PURPOSE = b"apportion webhooks v1"


class DerivedSecrets:
    """Secrets from stored salts (``ports.webhooks.WebhookSecrets``): a copy of the database holds no secret."""

    def __init__(self, server_secret: str) -> None:
        self._root = server_secret.encode()

    def new_salt(self) -> bytes:
        return secrets.token_bytes(32)

    def secret(self, salt: bytes) -> str:
        made = self._derived(salt, b"secret")
        return "whsec_" + base64.urlsafe_b64encode(made).decode().rstrip("=")

    def fingerprint(self, salt: bytes) -> str:
        return self._derived(salt, b"fingerprint").hex()[:16]

    def _derived(self, salt: bytes, what: bytes) -> bytes:
        extracted = hmac.new(salt, self._root, hashlib.sha256).digest()
        return hmac.new(extracted, _PURPOSE + b" " + what + b"\x01", hashlib.sha256).digest()
