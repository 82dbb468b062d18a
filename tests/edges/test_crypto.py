"""Sealing: what is sealed opens only with its key and at its place; the key file is private."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.crypto import Keyring, Vault
from bridge.errors import ConfigError, StoreError

RING = Keyring("k1", {"k1": bytes(range(32)), "k0": bytes(32)}, b"i" * 32)


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_opens_what_it_sealed(plaintext: bytes, aad: bytes) -> None:
    vault = Vault(RING)
    sealed = vault.seal(plaintext, aad)
    assert vault.open(sealed, aad) == plaintext
    assert sealed != vault.seal(plaintext, aad)
    assert sealed.startswith(b"v1:k1:")


def test_a_value_does_not_open_elsewhere_or_altered() -> None:
    vault = Vault(RING)
    sealed = vault.seal("张三".encode(), b"tickets.body:t1")
    assert "张三".encode() not in sealed
    for broken in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:10], b"v1:k1:", b"v1:k9:" + sealed[6:], b"", b"text"):
        with pytest.raises(StoreError):
            vault.open(broken, b"tickets.body:t1")
    with pytest.raises(StoreError):
        vault.open(sealed, b"tickets.body:t2")


def test_an_old_key_still_opens_after_rotation() -> None:
    old = Vault(Keyring("k0", {"k0": bytes(32)}, b"i" * 32))
    sealed = old.seal(b"words", b"a")
    assert Vault(RING).open(sealed, b"a") == b"words"
    assert Vault(RING).kid_of(sealed) == "k0"


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("phone", "139 0000-0000", "+8613900000000"),
        ("phone", "１３９００００００００", "008613900000000"),
        ("id_number", "14052519900101123x", "14052519900101123X "),
        ("name", "张 三", "张三"),
    ],
)
def test_blind_index_finds_equal_values(kind: str, one: str, other: str) -> None:
    vault = Vault(RING)
    assert vault.blind_index(kind, one) == vault.blind_index(kind, other)


def test_blind_index_keeps_kinds_and_keys_apart() -> None:
    assert Vault(RING).blind_index("phone", "1") != Vault(RING).blind_index("name", "1")
    other = Keyring("k1", RING.keys, b"j" * 32)
    assert Vault(RING).blind_index("phone", "1") != Vault(other).blind_index("phone", "1")


def test_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "data" / "keys.json"
    created = Keyring.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Keyring.load(path) == created
    with pytest.raises(FileExistsError):
        Keyring.create(path)


def test_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    Keyring.create(path)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Keyring.load(path)


@pytest.mark.parametrize(
    "document",
    [
        "no json",
        "[]",
        "{}",
        json.dumps({"active": "k1", "keys": {"k1": "short"}, "index_key": "x"}),
        json.dumps({"active": "k2", "keys": {"k1": "A" * 43 + "="}, "index_key": "A" * 43 + "="}),
        json.dumps({"active": "k:1", "keys": {"k:1": "A" * 43 + "="}, "index_key": "A" * 43 + "="}),
    ],
)
def test_malformed_key_file_is_refused(tmp_path: Path, document: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(document)
    path.chmod(0o600)
    with pytest.raises(ConfigError):
        Keyring.load(path)


def test_no_key_shows_in_a_representation(tmp_path: Path) -> None:
    assert repr(RING) == "Keyring(active='k1', kids=['k0', 'k1'])"
