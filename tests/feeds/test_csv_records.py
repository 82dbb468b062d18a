"""CSV as it is really written: whatever one record holds, its neighbours are read."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.csv_records import MAX_RECORD_BYTES, CsvTable, csv_lines, plain

HEADER = "编号,内容\n"


def read(content: bytes) -> list[tuple[int, tuple[str, ...], str]]:
    table = CsvTable(io.BytesIO(content), lambda cells: None if "编号" in cells else "表头不对")
    return [(record.line, record.cells, record.problem) for record in table]


def good(content: bytes) -> set[str]:
    return {cells[0] for _, cells, problem in read(content) if not problem}


@pytest.mark.parametrize(
    "middle",
    [
        'b,"没有闭合',
        'b,"没有闭合\n还有一行',
        'b,"引号"之后还有字',
        "b",
        "b,c,d",
        "b,空\x00字符",
        "b,回车\r在中间",
        "b," + "长" * MAX_RECORD_BYTES,
        'b,"' + "长" * MAX_RECORD_BYTES + '"',
        '"""',
        '"b","',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_bad_record_takes_nobody_with_it(middle: str, encoding: str, newline: str) -> None:
    lines = [HEADER.strip(), "a,1", middle, 'c,"有,逗号"', 'd,"有""引号"""', ""]
    content = newline.join(lines).encode(encoding)
    assert {"a", "c", "d"} <= good(content)
    assert any(problem for _, _, problem in read(content))


def test_bytes_of_another_encoding_in_one_row_are_that_rows_problem() -> None:
    content = HEADER.encode() + b"a,1\n" + "b,乱码\n".encode("gbk") + b"c,3\n"
    assert good(content) == {"a", "c"}


def test_a_cell_may_have_several_lines_and_lines_are_counted_as_an_editor_does() -> None:
    found = read(f'{HEADER}a,"一\n二\n三"\n\nb,2\n'.encode())
    assert [(line, cells[0]) for line, cells, _ in found] == [(2, "a"), (6, "b")]


def test_surplus_commas_at_the_end_are_no_columns() -> None:
    assert good(f"{HEADER}a,1,,\n".encode()) == {"a"}


@given(st.lists(st.tuples(st.text(), st.text()), max_size=20))
def test_what_we_write_is_read_back(rows: list[tuple[str, str]]) -> None:
    kept = [(f"n{number}", "".join(ch for ch in text if ch not in "\x00\r")) for number, (_, text) in enumerate(rows)]
    content = b"".join(csv_lines([("编号", "内容"), *kept]))
    decoded = content.decode("utf-8")
    assert [cells[0] for _, cells, problem in read(content) if not problem] == [name for name, _ in kept]
    assert "\n=" not in decoded


@given(st.binary(max_size=400))
def test_no_bytes_crash_it_and_lines_never_repeat(junk: bytes) -> None:
    found = read(HEADER.encode() + junk)
    assert len({line for line, _, _ in found}) == len(found)


@pytest.mark.parametrize(
    ("cell", "text"), [(" a ", "a"), ('="00123"', "00123"), ("'=1+1", "=1+1"), ("'twas", "'twas"), ("=1", "=1"), ('="', '="')]
)  # fmt: skip
def test_marks_for_a_spreadsheet_are_taken_off(cell: str, text: str) -> None:
    assert plain(cell) == text
