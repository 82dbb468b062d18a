"""bridge.toml and BRIDGE_…: a minimal file works, every problem is reported at once at its place, secrets stay secret."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.vocabulary import MessageType
from bridge.errors import ConfigError
from bridge.settings import Settings
from bridge.settings_file import load_settings, parse_settings
from bridge.toml_positions import positions

SECRET = "whsec_c2VjcmV0IG9mIHRoZSBob3RsaW5l"
EXAMPLE = f"""\
region_code = "140525"
listen = "127.0.0.1:8080"
public_url = "http://bridge.example/"
database_url = "sqlite+aiosqlite:///data/bridge.db"   # or postgresql+asyncpg://…
rules = "routing_rules.yaml"
mode = "live"
[encryption]
key_file = "data/keys.json"
[feeds.hotline]
adapter = "hotline_12345"
secret_file = "hotline.secret"
push_url = "https://hotline.example/replies"
push = ["ticket.accepted", "ticket.replied"]
honour_upstream_unit = false
[channels.tax]
adapter = "http_json"
url = "https://tax.example/assignments"
secret = "{SECRET}"
timeout_seconds = 3
"""


def read(text: str, tmp_path: Path, **environ: str) -> Settings:
    return parse_settings(text, tmp_path / "bridge.toml", environ)


def problems(text: str, tmp_path: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text, tmp_path, **environ)
    assert "c2VjcmV0" not in str(caught.value)
    return [problem.located("t") for problem in caught.value.problems]


def test_the_contracts_example(tmp_path: Path) -> None:
    (tmp_path / "hotline.secret").write_text(f"{SECRET}\nwhsec_b2xk\n")
    settings = read(EXAMPLE, tmp_path)
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8080, "http://bridge.example")
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/data/bridge.db"
    assert settings.rules == tmp_path / "routing_rules.yaml"
    assert settings.key_file == tmp_path / "data/keys.json"
    hotline = settings.feeds["hotline"]
    assert len(hotline.config.secrets) == 2  # type: ignore[attr-defined]
    assert hotline.pushes(MessageType.TICKET_ACCEPTED)
    assert hotline.pushes(MessageType.TICKET_REPLIED)
    assert not hotline.pushes(MessageType.TICKET_PROGRESS)
    assert settings.channels["tax"].config.timeout_seconds == 3  # type: ignore[attr-defined]
    assert "c2VjcmV0" not in repr(settings)


def test_an_empty_file_works(tmp_path: Path) -> None:
    settings = read("", tmp_path)
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/data/bridge.db"
    assert settings.key_file == tmp_path / "data/keys.json"
    assert settings.rules == tmp_path / "routing_rules.yaml"
    assert (settings.review, settings.shadow, settings.feeds, settings.channels) == (None, False, {}, {})


def test_replied_is_always_pushed(tmp_path: Path) -> None:
    settings = read(f'[feeds.a]\nadapter="hotline_12345"\nsecret="{SECRET}"\npush=[]', tmp_path)
    assert settings.feeds["a"].pushes(MessageType.TICKET_REPLIED)
    assert not settings.feeds["a"].pushes(MessageType.TICKET_ACCEPTED)


def test_paths_and_databases_elsewhere(tmp_path: Path) -> None:
    settings = read('database_url = "postgresql+asyncpg://u:p@h/d"\nrules = "/etc/r.yaml"', tmp_path)
    assert settings.database_url == "postgresql+asyncpg://u:p@h/d"
    assert settings.rules == Path("/etc/r.yaml")
    assert "u:p@h" not in repr(settings)
    absolute = read('database_url = "sqlite+aiosqlite:////var/lib/b.db"', tmp_path)
    assert absolute.database_url == "sqlite+aiosqlite:////var/lib/b.db"


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    settings = read(
        EXAMPLE,
        tmp_path,
        BRIDGE_LISTEN="0.0.0.0:80",
        BRIDGE_REVIEW="false",
        BRIDGE_MODE="shadow",
        BRIDGE_ENCRYPTION__KEY_FILE="/run/keys.json",
        BRIDGE_FEEDS__HOTLINE__SECRET=SECRET,
        BRIDGE_FEEDS__HOTLINE__PUSH='["ticket.replied"]',
        BRIDGE_CHANNELS__HRSS__ADAPTER="http_json",
        BRIDGE_CHANNELS__HRSS__SECRETS=f'["{SECRET}"]',
        BRIDGE_WORKER__CONCURRENCY="4",
        BRIDGE_CONFIG="elsewhere.toml",
        PATH="/bin",
    )
    assert (settings.host, settings.port, settings.review, settings.shadow) == ("0.0.0.0", 80, False, True)
    assert settings.key_file == Path("/run/keys.json")
    assert settings.feeds["hotline"].push == frozenset({MessageType.TICKET_REPLIED})
    assert set(settings.channels) == {"tax", "hrss"}
    assert settings.worker.concurrency == 4


def test_rules_option_beats_the_file(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text('rules = "a.yaml"')
    assert load_settings(tmp_path / "bridge.toml", {}, Path("/b.yaml")).rules == Path("/b.yaml")


def test_a_database_address_with_a_wrong_port_is_told_without_its_password(tmp_path: Path) -> None:
    (told,) = problems('database_url = "postgresql+asyncpg://u:verysecret@h:port/d"', tmp_path)
    assert told.startswith("t:1:1 database_url: 应写成 sqlite+aiosqlite:///")
    assert "verysecret" not in told


def test_every_problem_at_once_at_its_place(tmp_path: Path) -> None:
    text = f"""\
regoin_code = "140525"
listen = "8080"
database_url = "mysql://x"
[feeds.hotline]
adapter = "hotline12345"
[feeds.petition]
adapter = "hotline_12345"
secret_file = "missing.secret"
push_ulr = "https://a.example"
push = ["ticket.replied", "ticket.sung"]
honour_upstream_unit = 3
[channels.tax]
adapter = "http_json"
secret = "nonsense"
url = "ftp://tax.example"
timeout_seconds = "soon"
[channels.hrss]
adapter = "http_json"
[channels.medical]
adapter = "http_json"
secret = "{SECRET}"
secrets = ["{SECRET}"]
[channels.Bad]
adapter = "hotline_12345"
[worker]
concurency = 3
"""
    assert problems(text, tmp_path) == [
        "t:1:1 regoin_code: 不认识的键，是否为 region_code？",
        't:2:1 listen: 应为 "地址:端口"，例如 "127.0.0.1:8080"',
        "t:3:1 database_url: 应以 sqlite+aiosqlite:/// 或 postgresql+asyncpg:// 开头",
        "t:5:1 feeds.hotline.adapter: 没有名为 'hotline12345' 的适配器，是否为 hotline_12345？",
        (
            f"t:8:1 feeds.petition.secret_file: 密钥文件 {tmp_path}/missing.secret 读不出来（文件不存在）；"
            "请放回文件、核对权限，或改写 secret_file"
        ),
        "t:9:1 feeds.petition.push_ulr: 不认识的键，是否为 push_url？",
        (
            "t:10:1 feeds.petition.push.1: 应为 ticket.assigned、ticket.transferred、ticket.accepted、ticket.progress、"
            "ticket.extension_requested、ticket.replied、ticket.returned、ticket.withdrawn 之一"
        ),
        "t:11:1 feeds.petition.honour_upstream_unit: 应为 true 或 false",
        "t:12:2 channels.tax: 密钥不合要求：应为 whsec_ 开头的 base64；请从备份放回，或照轮换密钥一页另生成",
        "t:15:1 channels.tax.url: 应为 http:// 或 https:// 开头的完整地址",
        "t:16:1 channels.tax.timeout_seconds: 应为数字",
        "t:17:2 channels.hrss: 缺少密钥：secret、secret_file 或 secrets",
        "t:22:1 channels.medical.secrets: 与 secret 只能写一个",
        "t:23:2 channels.Bad: 名称应为小写字母开头的小写字母、数字、_ 或 -，最多 32 个",
        "t:24:1 channels.Bad.adapter: 适配器 hotline_12345 不能用作单位渠道",
        "t:26:1 worker.concurency: 不认识的键，是否为 concurrency？",
    ]


def test_unknown_variables_and_bad_nesting_are_problems(tmp_path: Path) -> None:
    assert "regioncode" in problems("", tmp_path, BRIDGE_REGIONCODE="1")[0]
    assert "不是一个表" in problems('listen="a:1"', tmp_path, BRIDGE_LISTEN__PORT="1")[0]


def test_syntax_errors_and_missing_files(tmp_path: Path) -> None:
    assert problems('a = "x"\nb = = 1\n', tmp_path)[0].startswith("t:2:5")
    with pytest.raises(ConfigError, match="bridge init"):
        load_settings(tmp_path / "none.toml", {})
    (tmp_path / "gbk.toml").write_bytes("rules = '规则'".encode("gbk"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(tmp_path / "gbk.toml", {})


@pytest.mark.parametrize(
    "text", ["feeds = 1", "feeds = [1]", "[feeds]\nhotline = 1", "[feeds.hotline]", "channels.tax = {}"]
)
def test_wrong_shapes_are_problems_not_crashes(text: str, tmp_path: Path) -> None:
    assert problems(text, tmp_path)


def test_empty_secret_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("\n")
    assert "空" in problems('[feeds.a]\nadapter="hotline_12345"\nsecret_file="s"', tmp_path)[0]


def test_positions_of_every_key() -> None:
    text = """\
top = 1
"quoted key" = 2 # comment = 3
list = [
  "a = 1",  # [x]
  { inner = 1 },
]
text = \"\"\"
fake = 1
[fake]\"\"\"
dotted.key = '''x'''
[table]
a = '''
b = 1'''
  c = {
   d = 1 }
[[many]]
e = "]"
[table.'inner.most']
f = 1
"""
    tomllib.loads(text.replace("{\n   d = 1 }", "{d = 1}"))
    assert positions(text) == {
        ("top",): (1, 1),
        ("quoted key",): (2, 1),
        ("list",): (3, 1),
        ("text",): (7, 1),
        ("dotted",): (10, 1),
        ("dotted", "key"): (10, 1),
        ("table",): (11, 2),
        ("table", "a"): (12, 1),
        ("table", "c"): (14, 3),
        ("many",): (16, 3),
        ("many", "e"): (17, 1),
        ("table", "inner.most"): (18, 2),
        ("table", "inner.most", "f"): (19, 1),
    }


@given(st.text(alphabet="ab=.[]{}\"'# \n\\1", max_size=60))
def test_the_scanner_never_fails(text: str) -> None:
    positions(text)
