"""Links to files that carry their own permission: a path, an expiry, and a signature over both.

Not a session and not a key: whoever has the link may read that one file until the link expires.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re

from bandstand.errors import Misconfigured

_SECRET_BYTES_MIN = 16
_EXPIRY = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


class Signer:
    """Signs paths with one secret, and believes signatures of the secrets that came before it.

    secret   at least 16 bytes
    retired  secrets whose links should live on until they expire
    """

    def __init__(self, secret: bytes, *retired: bytes) -> None:
        self._secrets = (secret, *retired)
        if min(map(len, self._secrets)) < _SECRET_BYTES_MIN:
            raise Misconfigured(f"A secret for links needs at least {_SECRET_BYTES_MIN} bytes.")

    def sign(self, path: str, expires_at: float) -> str:
        """The query that opens `path` until `expires_at`, in whole seconds, rounded up."""
        expiry = str(math.ceil(expires_at))
        assert _EXPIRY.fullmatch(expiry), f"a link cannot expire at {expires_at}"
        return f"exp={expiry}&sig={_signature(self._secrets[0], path, expiry)}"

    def check(self, path: str, query_exp: str, query_sig: str, now: float) -> bool:
        """Whether such a link is ours, for this very path, and still good.

        Only the spelling that `sign` gave counts. How long the answer takes says nothing about how
        much of the signature was right.
        """
        if not _EXPIRY.fullmatch(query_exp):
            return False
        given = query_sig.encode("utf-8", "surrogatepass")
        genuine = [
            hmac.compare_digest(_signature(secret, path, query_exp).encode(), given)
            for secret in self._secrets
        ]
        return any(genuine) and now < int(query_exp)


def _signature(secret: bytes, path: str, expiry: str) -> str:
    # The expiry comes first and is digits only, so no other pair gives the same message.
    message = f"{expiry}\n{path}".encode("utf-8", "surrogatepass")
    digest = hmac.digest(secret, message, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
