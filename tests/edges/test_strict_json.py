"""What lenient JSON parsers let through is refused, each with a clear answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidPayload, NotJson
from bridge.wire.strict_json import loads, loads_object

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc字", max_size=3), inner, max_size=4),
)


@given(JSON_VALUES, st.booleans())
def test_reads_what_json_writes(value: object, ascii_only: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"{'a':1}",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":1,"a":1}',
        b'{"x":[{"a":1,"b":2,"a":3}]}',
        b'{"a":1234567890123456789}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\x00"}',
        b'{"a":"\xed\xa0\x80"}',
        b"[" * 65 + b"]" * 65,
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 100_000,
    ],
)
def test_is_not_json_we_accept(body: bytes) -> None:
    with pytest.raises(NotJson):
        loads(body)


def test_depth_of_64_is_accepted() -> None:
    assert loads(b"[" * 64 + b"]" * 64)
    assert loads(b'{"a":' * 64 + b"1" + b"}" * 64)
    with pytest.raises(NotJson, match="64"):
        loads(b'{"a":' * 65 + b"1" + b"}" * 65)
    assert len(loads(b"[" + b"[],{}," * 500 + b"1]")) == 1001


def test_nul_and_lone_surrogates_are_named() -> None:
    with pytest.raises(InvalidPayload) as caught:
        loads(rb'{"a":{"b":["ok","\u0000x"]},"c":"\ud800","\udfff":1,"d":"\ud83d\ude00"}')
    assert [problem.path for problem in caught.value.problems] == ["a.b[1]", "c", "?"]


@pytest.mark.parametrize("body", [b"[]", b"null", b'"a"', b"1"])
def test_other_values_than_objects_are_wrong_fields(body: bytes) -> None:
    with pytest.raises(InvalidPayload, match="对象"):
        loads_object(body)
