"""The folder a daemon runs in: a commented ``bridge.toml``, keys, secrets, the rules.

Owns: the text of the first configuration. Must not: overwrite anything.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import bridge
from bridge.crypto import Keyring
from bridge.ports import SystemRng
from bridge.signing import new_secret

SECRET_BYTES = 32
UNITS = ("tax", "hrss", "medical", "finance")
"""Units that get a channel at first; they pull until an address is written down."""

_HEAD = """\
# 12345 工单桥的部署配置。每个键也可用环境变量给出：BRIDGE_LISTEN、BRIDGE_FEEDS__HOTLINE__PUSH_URL ……
# 相对路径从本文件所在文件夹算起。改动后请重启。

region_code = "140525"                     # 行政区划代码
listen = "127.0.0.1:8080"                  # 监听地址；对外请经反向代理加 TLS
public_url = "http://127.0.0.1:8080"       # 对方看到的地址，用来拼 respond_url
database_url = "sqlite+aiosqlite:///data/bridge.db"   # 或 postgresql+asyncpg://用户:密码@主机/库
rules = "routing_rules.yaml"               # 分派规则，由业务人员维护
mode = "live"                              # "shadow"：照常计算，但一切外发都扣住
# review = false                           # 范围内的工单不经人工审核直接派发（缺省按规则文件）

[encryption]
key_file = "data/keys.json"                # 丢失即无法解密已有数据，请另行妥善备份

# 上游。对方按 Standard Webhooks 签名，密钥即 secret_file 的内容；轮换时写两行，或用 secrets = [...]。
[feeds.hotline]
adapter = "hotline_12345"
secret_file = "secrets/hotline"
# push_url = "https://hotline.example/replies"          # 推送受理、答复；不写则由对方拉取 GET /v1/feeds/hotline/updates
# push = ["ticket.accepted", "ticket.replied"]          # 缺省全部；答复总会推送
# honour_upstream_unit = false                          # true：先派给上游指定的单位
# accepting_unit = "office"                             # 本来源的工单由该单位受理

# 信访：交换目录（in/ done/ bad/ out/ 自动建好）。对方先写 *.tmp，再改名为 *.csv；答复写到 out/。
# [feeds.petition]
# adapter = "xinfang"
# dir = "exchange/petition"

# 单位渠道。名称与规则中单位的 channel 相同（缺省为单位 id）。没有渠道的单位由其经办员在页面或命令行登记。
"""
_CHANNEL = """\
[channels.{unit}]
adapter = "http_json"
secret_file = "secrets/{unit}"
# url = "https://{unit}.example/assignments"            # 不写则由该单位拉取 GET /v1/units/{unit}/messages
# timeout_seconds = 10

"""
_TAIL = """\
# 没有业务系统的单位：用一个共享目录收发，或由经办员在页面登记。
# [channels.justice]
# adapter = "file_drop"
# dir = "exchange/justice"
# [channels.court]
# adapter = "console"

# 文书：发文机关、文号格式；本县模板放在 templates/ 里即代替自带的（bridge documents templates DIR 写出供修改）。
# [documents]
# county = "泽州县"
# number = "泽社争{word}〔{year}〕{serial}号"
# templates = "templates"
# at_archive = ["register", "assignment", "opinion", "summary", "minutes", "reply_payer", "reply_other"]   # 归档时自动出具哪些；缺省全部，[] 为不出

# [worker]
# concurrency = 128                        # 同时外发的消息数
# lease_seconds = 25                       # 进程被杀后，其领走的消息过多久重发

# [web]
# head_seconds = 10                        # 连接建立后多久必须发来请求头
# body_seconds = 30                        # 正文多久必须到齐（之后按 64 KiB/s 放宽）
# drain_seconds = 5                        # 停机时 /readyz 先答 503，再照常服务这么久才关门，供负载均衡切走
"""


def create_folder(directory: Path) -> list[Path]:
    """Write everything and return what was written.

    Raises:
        FileExistsError: something is there already; nothing was overwritten.
    """
    for folder in (directory / "secrets", directory / "data"):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    config = directory / "bridge.toml"
    texts = {config: example_config()}
    for name in ("hotline", *UNITS):
        texts[directory / "secrets" / name] = new_secret(SystemRng().token(SECRET_BYTES)) + "\n"
    written = [_private(path, text) for path, text in texts.items()]
    Keyring.create(directory / "data" / "keys.json")
    written.append(directory / "data" / "keys.json")
    return written + _copied_rules(directory) + _schema(directory)


def example_config() -> str:
    """Return the commented ``bridge.toml`` (also kept as ``ops/bridge.example.toml``)."""
    return _HEAD + "".join(_CHANNEL.format(unit=unit) for unit in UNITS) + _TAIL


def shipped_rules() -> Path:
    """Return where the rules are that came with the program: in its source tree, or where the wheel put them."""
    beside = Path(bridge.__file__).parents[1] / "routing_rules.yaml"
    return beside if beside.exists() else Path(sys.prefix) / "share" / "ticket-bridge" / "routing_rules.yaml"


def _copied_rules(directory: Path) -> list[Path]:
    target = directory / "routing_rules.yaml"
    if target.exists() or not shipped_rules().exists():
        return []
    shutil.copyfile(shipped_rules(), target)
    return [target]


def _schema(directory: Path) -> list[Path]:
    """Write the schema that the first line of the rules names, so that an editor completes and checks them here too."""
    from bridge.rules import schema

    if (directory / "schemas" / schema.NAME).exists():
        return []
    return schema.write(directory / "schemas")


def _private(path: Path, text: str) -> Path:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return path
