"""The simulated 信访 behind its folder: what it hands in, what it finds, what it calls a contradiction."""

from __future__ import annotations

from pathlib import Path

from bridge.testing.counterparts.petition import PetitionDesk, table


def answer(directory: Path, name: str, content: str) -> Path:
    path = directory / "out" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_a_table_has_every_label_and_stays_empty_where_a_row_has_none() -> None:
    raw = table([{"信访件编号": "X1", "姓名": "终先生"}, {"信访件编号": "X2", "地址": "东岭乡"}], "gbk")
    assert raw.decode("gbk") == "信访件编号,姓名,地址\r\nX1,终先生,\r\nX2,,东岭乡\r\n"


def test_a_table_is_taken_when_it_has_moved(tmp_path: Path) -> None:
    desk = PetitionDesk(tmp_path)
    desk.hand_in("a.csv", [{"信访件编号": "X1"}])
    assert (desk.names("in"), desk.taken("a.csv"), desk.refused("a.csv")) == (["a.csv"], False, "")
    (tmp_path / "done").mkdir()
    (tmp_path / "in" / "a.csv").rename(tmp_path / "done" / "a.csv")
    assert desk.taken("a.csv")


def test_an_answer_counts_once_and_may_not_change(tmp_path: Path) -> None:
    desk = PetitionDesk(tmp_path)
    first = answer(tmp_path, "X1-1.json", '{"type": "ticket.replied"}')
    answer(tmp_path, ".half.tmp", "{")
    assert [entry.webhook_id for entry in desk.received()] == ["X1-1.json"]
    first.write_text('{"type": "ticket.replied"}', encoding="utf-8")
    assert (desk.received(after=1), desk.changed) == ([], [])
    first.write_text('{"type": "ticket.returned"}', encoding="utf-8")
    assert len(desk.received()) == 1
    first.unlink()
    assert len(desk.received()) == 1
    assert desk.changed == ["X1-1.json", "X1-1.json"]
