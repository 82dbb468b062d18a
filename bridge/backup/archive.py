"""The backup file: a zip with the ledger as one SQLite file, the county's own files, and a manifest under a seal.

Owns: writing it whole or not at all, and finding out whether it is whole. Must not: open a database.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from bridge.crypto import Vault
from bridge.errors import StoreError
from bridge.os_errors import worded
from bridge.store.snapshot import Inventory

FORM = 1
LEDGER, MANIFEST, SEAL = "ledger.db", "manifest.json", "manifest.seal"
_PURPOSE = "backup manifest"
_CHUNK = 1 << 20
_DAMAGED = (KeyError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading an entry raises when bytes of the file were changed; ``NotImplementedError`` is a ``RuntimeError``."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. ``files`` holds the SHA-256 of every other entry."""

    form: int
    made_at: str
    program: str
    region_code: str
    database: str
    schema: str
    rows: Mapping[str, int]
    chain_head: str
    files: Mapping[str, str]

    @property
    def inventory(self) -> Inventory:
        """What the ledger inside must hold."""
        return Inventory(self.schema, dict(self.rows), self.chain_head)


def write(target: Path, manifest: Manifest, files: Mapping[str, Path], vault: Vault) -> None:
    """Write a backup beside its place and move it there; private, durable, never over another file.

    Raises:
        StoreError: the file is there, or cannot be written.
    """
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
    part = target.with_name(f".{target.name}.part")
    try:
        with _fresh(part) as handle, _zip(handle) as archive:
            for name, path in files.items():
                archive.write(path, name)
            archive.writestr(MANIFEST, text)
            archive.writestr(SEAL, vault.mac(_PURPOSE, text).hex())
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        part.replace(target)
    except FileExistsError:
        raise StoreError(f"{target} 已存在，不覆盖；请换一个文件名") from None
    except OSError as error:
        raise StoreError(f"备份写不进 {target}（{worded(error)}）") from None
    finally:
        part.unlink(missing_ok=True)


def _zip(handle: IO[bytes]) -> zipfile.ZipFile:
    return zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False)


@contextmanager
def _fresh(path: Path) -> Iterator[IO[bytes]]:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def read(source: Path, vault: Vault) -> Manifest:
    """Check a backup's seal and return its manifest.

    Raises:
        StoreError: no backup, of another key, or altered.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            text, seal = archive.read(MANIFEST), archive.read(SEAL).decode("ascii", "replace")
    except OSError as error:
        raise StoreError(f"{source} 读不出来（{worded(error)}）") from None
    except _DAMAGED:
        raise StoreError(f"{source} 不是 bridge backup 写的备份，或已损坏") from None
    if not hmac.compare_digest(vault.mac(_PURPOSE, text).hex(), seal):
        raise StoreError(f"{source} 的封印不符：被改动过，或不是用这份密钥文件备份的；请换上原来的密钥文件")
    document = json.loads(text)
    if document.get("form") != FORM:
        raise StoreError(f"{source} 是更新的程序写的备份；请升级程序")
    return Manifest(**document)


def unpack(source: Path, manifest: Manifest, folder: Path) -> None:
    """Write the entries of a backup to a folder, each compared with its hash.

    Raises:
        StoreError: an entry is missing or altered, or cannot be written.
    """
    with zipfile.ZipFile(source) as archive:
        for name, digest in manifest.files.items():
            try:
                found = _unpack(archive, name, folder / name)
            except OSError as error:
                raise StoreError(f"{folder / name} 写不进去（{worded(error)}）") from None
            except _DAMAGED:
                found = ""
            if found != digest:
                raise StoreError(f"备份里的 {name} 已损坏或被改动")


def _unpack(archive: zipfile.ZipFile, name: str, target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with archive.open(name) as source, target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
