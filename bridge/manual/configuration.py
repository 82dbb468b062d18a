"""The reference of ``bridge.toml``, from the settings' own types; the words in Chinese stand here, one for each key.

Owns: :func:`page` and :data:`WORDS`. Must not: state a type, a limit or a default that the settings do not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from bridge.registry import installed
from bridge.settings import Document, Documents, Encryption, FeedTable, Web, Worker
from bridge.signed_http import SignedConfig

WORDS = {
    "region_code": "行政区划代码；几个县可以共用一个库，互不相见",
    "listen": "监听的地址和端口；对外请经反向代理加 TLS",
    "public_url": "对方看到的地址，`respond_url` 由它拼成；缺省为 `http://` 加 `listen`",
    "database_url": "`sqlite+aiosqlite:///路径` 或 `postgresql+asyncpg://用户:口令@主机/库`",
    "rules": "分派规则文件；`--rules` 优先",
    "mode": "`live` 正式；`shadow` 照常计算，一切外发都扣住",
    "review": "`false`：范围内的工单不经人工审核直接派发；不写则按规则文件",
    "log_format": "日志格式，`json` 或 `console`",
    "encryption.key_file": "数据密钥；丢失即无法解密已有数据",
    "worker.concurrency": "同时外发的消息数",
    "worker.per_target": "对同一个对方同时外发的消息数",
    "worker.lease_seconds": "进程被杀后，其领走的消息过多少秒重发",
    "web.head_seconds": "连接建立后多少秒内必须发来请求头",
    "web.body_seconds": "正文多少秒内必须到齐，之后按 64 KiB/s 放宽",
    "web.max_connections": "同时保留的连接数",
    "web.drain_seconds": "收到停机信号后还照常应答多少秒，好让负载均衡换到别的副本；不写时 PostgreSQL 为 5，SQLite 为 0",
    "documents.county": "文书的发文机关",
    "documents.number": "文号格式，含 `{word}`、`{year}`、`{serial}` 各一次",
    "documents.templates": "本县 Word 模板所在文件夹，不必存在",
    "documents.at_archive": "归档时自动出具哪几种文书；缺省全部，`[]` 为不出",
    "feeds.*.adapter": "适配器，见 `bridge adapters list`",
    "feeds.*.push": "推送哪几种消息；不写为全部，`ticket.replied` 总会推送",
    "feeds.*.honour_upstream_unit": "`true`：先派给上游指定的单位",
    "feeds.*.accepting_unit": "本来源的工单由该单位受理",
    "feeds.*.attachment_hosts": "允许取附件的主机",
    "secrets": "签名密钥：写作 `secret`、`secret_file`（文件每行一个）或 `secrets`；轮换时两个并存",
    "signature": "`v1`（HMAC-SHA256）或 `v1sm3`（HMAC-SM3）",
    "timeout_seconds": "一次外发最多等多少秒",
}
"""What each key means (Chinese)."""

_TABLES: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("", Document, "顶层"),
    ("encryption.", Encryption, "`[encryption]`"),
    ("worker.", Worker, "`[worker]`"),
    ("web.", Web, "`[web]`"),
    ("documents.", Documents, "`[documents]`"),
    ("feeds.*.", FeedTable, "`[feeds.名称]`：上游来源"),
    ("", SignedConfig, "签名的来源与渠道共有的键"),
)
_NESTED = frozenset({"encryption", "worker", "web", "documents", "feeds", "channels"})
_HEAD = """\
# 配置 bridge.toml

由程序的配置类型生成。每个键也可用环境变量给出：`BRIDGE_` 加大写的键，嵌套用两个下划线，如 `BRIDGE_WEB__HEAD_SECONDS`。
相对路径从 `bridge.toml` 所在文件夹算起。写错的键、类型会在启动时逐条指出行列；改动后重启生效。
"""


def page() -> str:
    """Return the whole page (Markdown)."""
    tables = "".join(_table(prefix, model, title) for prefix, model, title in _TABLES)
    return _HEAD + tables + _adapters()


def keys() -> Iterator[str]:
    """Yield every key of the tables, nested ones dotted."""
    for prefix, model, _ in _TABLES:
        yield from (f"{prefix}{name}" for name in model.model_fields if prefix or name not in _NESTED)


def _table(prefix: str, model: type[BaseModel], title: str) -> str:
    names = [name for name in model.model_fields if prefix or name not in _NESTED]
    rows = "".join(f"| `{name}` | {_default(model, name)} | {WORDS.get(prefix + name, '')} |\n" for name in names)
    return f"\n## {title}\n\n| 键 | 缺省 | 说明 |\n|---|---|---|\n{rows}"


def _default(model: type[BaseModel], name: str) -> str:
    value: Any = model.model_fields[name].default
    if value is PydanticUndefined:
        return "必填"
    if value is None or value == ():
        return "不写"
    if isinstance(value, tuple):
        return "、".join(f"`{each}`" for each in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _adapters() -> str:
    """List the adapters on disk and the keys of their own."""
    common = set(SignedConfig.model_fields)
    lines = ["\n## 适配器\n", "| 适配器 | 用途 | 自己的键 |", "|---|---|---|"]
    for found in installed():
        for kind, adapter in (("上游", found.feed), ("单位", found.unit)):
            if adapter is not None:
                own = [f"`{name}`" for name in adapter.Config.model_fields if name not in common]
                lines.append(f"| `{found.name}` | {kind} | {'、'.join(own) or '无'} |")
    return "\n".join(lines) + "\n"
