"""Encryption of personal data at rest: the key file, sealing, and the blind index for exact look-up.

Owns: :class:`Keyring` (the key file, outside the database) and :class:`Vault` (AES-256-GCM per field,
HMAC-SHA256 blind index). Must not: know a table, log, or put a key or a plaintext into an error.

Sealed form: ``v1:<kid>:<12-byte nonce><ciphertext and tag>``. The additional data binds a value to its
place (``table.column:row id``), so that a sealed value moved to another row or column does not open.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bridge.errors import ConfigError, Problem, StoreError
from bridge.keyed_hash import KeyedHash
from bridge.os_errors import worded

_KEY_BYTES = 32
_NONCE_BYTES = 12
_PREFIX = b"v1:"
_OTHERS = 0o007
_PUT_BACK = "请从备份放回原来的密钥文件；数据库还是空的，移走它，启动时会另建"
_INTERNATIONAL = re.compile(r"^(?:\+|00)86(?=1\d{10}$|0\d{9,11}$)")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015()]+")


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one installation: values are sealed with ``active`` and opened with any key."""

    active: str
    keys: Mapping[str, bytes]
    index_key: bytes

    def __repr__(self) -> str:
        """Show key ids only."""
        return f"Keyring(active={self.active!r}, kids={sorted(self.keys)!r})"

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Read the key file.

        Raises:
            ConfigError: the file is missing, malformed, or readable by everybody.
        """
        try:
            mode = path.stat().st_mode
            document = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise _refused(path, f"密钥文件读不出来；{worded(error)}") from error
        except ValueError as error:
            raise _refused(path, f"密钥文件已损坏（不是 JSON）；{_PUT_BACK}") from error
        if mode & _OTHERS:
            raise _refused(path, f"密钥文件对其他用户开放；请执行 chmod 600 {path}")
        return cls._from_document(path, document)

    @classmethod
    def create(cls, path: Path, token: Callable[[int], bytes] = os.urandom) -> Keyring:
        """Write a new key file with mode 0600 and return its keys; an existing file is never overwritten.

        Raises:
            FileExistsError: the file is already there.
            OSError: it cannot be written; no half of it stays.
        """
        keyring = cls("k1", {"k1": token(_KEY_BYTES)}, token(_KEY_BYTES))
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            keyring._write(handle)
        except OSError:
            path.unlink()
            raise
        return keyring

    def _write(self, handle: int) -> None:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self._document(), file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())

    def _document(self) -> dict[str, Any]:
        keys = {kid: base64.b64encode(key).decode() for kid, key in self.keys.items()}
        return {"active": self.active, "keys": keys, "index_key": base64.b64encode(self.index_key).decode()}

    @classmethod
    def _from_document(cls, path: Path, document: object) -> Keyring:
        try:
            keyring = cls._parse(document)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise _refused(
                path, f"密钥文件已损坏（应有 active、keys、index_key，各为 32 字节的 base64）；{_PUT_BACK}"
            ) from error
        if keyring.active not in keyring.keys:
            raise _refused(path, f"密钥文件已损坏（active 指向的密钥不在 keys 中）；{_PUT_BACK}")
        return keyring

    @classmethod
    def _parse(cls, document: Any) -> Keyring:
        keys = {str(kid): _key(text) for kid, text in document["keys"].items()}
        if any(":" in kid or not kid.isascii() for kid in keys):
            raise ValueError("kid")
        return cls(str(document["active"]), keys, _key(document["index_key"]))


class Vault:
    """Seals and opens fields, and computes blind indexes, with one :class:`Keyring`."""

    def __init__(self, keyring: Keyring, token: Callable[[int], bytes] = os.urandom) -> None:
        """Prepare the ciphers; ``token`` gives the nonces, never ones drawn ahead: a copied machine would use them too."""
        self._ciphers = {kid.encode(): AESGCM(key) for kid, key in keyring.keys.items()}
        active = keyring.active.encode()
        self._head = _PREFIX + active + b":"
        self._encrypt = self._ciphers[active].encrypt
        self._index = KeyedHash(keyring.index_key)
        self._purposes: dict[str, KeyedHash] = {}
        self._token = token

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt ``plaintext`` for the place named by ``aad``; two calls never give the same bytes."""
        nonce = self._token(_NONCE_BYTES)
        return self._head + nonce + self._encrypt(nonce, plaintext, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt what :meth:`seal` returned for the same ``aad``.

        Raises:
            StoreError: unknown form or key, or the value was altered or moved.
        """
        kid, _, rest = sealed.removeprefix(_PREFIX).partition(b":")
        cipher = self._ciphers.get(kid) if sealed.startswith(_PREFIX) else None
        if cipher is None:
            raise StoreError("密文的密钥不在密钥文件中，请检查 key_file 是否与数据库配套")
        try:
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], aad)
        except (InvalidTag, ValueError) as error:
            raise StoreError("密文已损坏或不属于这一行，不予采用") from error

    def kid_of(self, sealed: bytes) -> str:
        """Tell which key sealed a value, for re-encryption after a rotation."""
        return sealed.removeprefix(_PREFIX).partition(b":")[0].decode("ascii", "replace")

    def mac(self, purpose: str, data: bytes) -> bytes:
        """Return the keyed hash (32 bytes) of ``data``, under a key of its own for each ``purpose``.

        Whoever can write to the database but has no key file cannot compute it.
        """
        keyed = self._purposes.get(purpose)
        if keyed is None:
            key = self._index.of_short(f"purpose\x00{purpose}".encode())
            keyed = self._purposes[purpose] = KeyedHash(key)
        return keyed.of_short(data)

    def signing_seed(self, purpose: str) -> bytes:
        """Return the seed (32 bytes) of a signing key of this installation, always the same for one purpose."""
        return self.mac("signing seed", purpose.encode())

    def blind_index(self, kind: str, value: str) -> str:
        """Return a keyed hash (hex) by which equal values of one kind can be found without decrypting."""
        message = f"{kind}\x00{_normalised(value)}".encode("utf-8", "surrogatepass")
        return self._index.of_short(message).hex()


def _normalised(value: str) -> str:
    """Fold width, case, separators and the country code, so that 139-0000 and １３９００００ are equal."""
    folded = _SEPARATORS.sub("", unicodedata.normalize("NFKC", value)).upper()
    return _INTERNATIONAL.sub("", folded)


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_BYTES:
        raise binascii.Error("length")
    return key


def _refused(path: Path, message: str) -> ConfigError:
    return ConfigError(str(path), [Problem("key_file", message)])
