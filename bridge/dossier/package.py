"""The container: deterministic bytes, a manifest with the hash of every file, a signature over the manifest.

Owns: the layout of the ZIP and what makes it whole. Must not: know what a case is.
Two exports of the same files are equal byte for byte, so a container is checked by packing its files again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORMAT = "ticket-bridge-dossier/1"
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_EPOCH = (1980, 1, 1, 0, 0, 0)

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Opened:
    """A container that could be read: its files without manifest and signature, and every problem (Chinese)."""

    files: Files
    manifest: Mapping[str, Any]
    fingerprint: str
    problems: tuple[str, ...]


def canonical(value: object) -> bytes:
    """Return a JSON document, always the same bytes for the same value."""
    return orjson.dumps(value, option=_OPTIONS)


def packed(files: Mapping[str, bytes], facts: Mapping[str, Any], seed: bytes) -> bytes:
    """Return the container of files, signed with the key of a seed (32 bytes)."""
    listed = [
        {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in sorted(files.items())
    ]
    manifest = canonical({"format": FORMAT, **facts, "files": listed})
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = {
        "algorithm": "Ed25519",
        "public_key": _text(key.public_key().public_bytes_raw()),
        "signature": _text(key.sign(manifest)),
    }
    return _zipped({**files, MANIFEST: manifest, SIGNATURE: canonical(signature)})


def fingerprint_of(seed: bytes) -> str:
    """Return the fingerprint of the public key that belongs to a seed."""
    return _fingerprint(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def _fingerprint(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:32]


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, data in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def opened(data: bytes) -> Opened:
    """Read a container and check everything that needs no knowledge of its content."""
    try:
        files, doubled = _unzipped(data)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, KeyError):
        return Opened({}, {}, "", ("不是完整的卷宗文件：压缩包打不开，或其中的内容已损坏",))
    problems = [f"{path}：压缩包里有两份" for path in doubled]
    manifest, signature = _json(files.get(MANIFEST)), _json(files.get(SIGNATURE))
    if manifest is None or manifest.get("format") != FORMAT:
        return Opened(files, {}, "", (*problems, f"{MANIFEST}：清单缺失、损坏，或格式版本不认识"))
    fingerprint, signed = _signer(files[MANIFEST], signature or {})
    problems += [] if signed else [f"{SIGNATURE}：签名与清单不符，清单被改动过，或签名缺失"]
    content = {path: data for path, data in files.items() if path not in (MANIFEST, SIGNATURE)}
    problems += _unlike(content, manifest)
    if not problems and _zipped(files) != data:
        problems.append("压缩包的外壳被改动过（文件内容未变）")
    return Opened(content, manifest, fingerprint, tuple(problems))


def _unzipped(data: bytes) -> tuple[Files, list[str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        return {name: archive.read(name) for name in names}, sorted({n for n in names if names.count(n) > 1})


def _json(data: bytes | None) -> dict[str, Any] | None:
    try:
        value = orjson.loads(data or b"")
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _signer(manifest: bytes, signature: Mapping[str, Any]) -> tuple[str, bool]:
    try:
        public = base64.b64decode(signature["public_key"], validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature["signature"]), manifest)
    except (KeyError, TypeError, ValueError, binascii.Error, InvalidSignature):
        return "", False
    return _fingerprint(public), True


def _unlike(files: Files, manifest: Mapping[str, Any]) -> Iterator[str]:
    listed = {str(entry.get("path")): entry for entry in manifest.get("files", []) if isinstance(entry, dict)}
    for path in sorted(listed.keys() - files.keys()):
        yield f"{path}：清单里有，卷宗里没有"
    for path in sorted(files.keys() - listed.keys()):
        yield f"{path}：清单里没有，是后来放进去的"
    for path in sorted(files.keys() & listed.keys()):
        if hashlib.sha256(files[path]).hexdigest() != listed[path].get("sha256"):
            yield f"{path}：内容与清单的散列不符，被改动过"
