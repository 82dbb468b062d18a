"""Why the daemon does not start, in the operators' words: ``bridge serve`` raises them, ``bridge doctor`` reports them.

Owns: the wording, one place for both. Must not: find anything out.
"""

from __future__ import annotations

from pathlib import Path

from bridge.errors import ConfigError, Problem
from bridge.os_errors import worded, worded_listening


def refused(key: str, message: str) -> ConfigError:
    """Return the refusal of one key of ``bridge.toml``."""
    return ConfigError("bridge.toml", [Problem(key, message)])


def no_key(path: Path) -> ConfigError:
    """Data without its key."""
    return refused("encryption.key_file", f"密钥文件 {path} 不存在，而数据库里已有数据；请恢复原来的密钥文件")


def key_not_written(path: Path, error: OSError) -> ConfigError:
    """A key file that cannot be made."""
    return refused("encryption.key_file", f"密钥文件 {path} 写不进去；{worded(error)}")


def wrong_key() -> ConfigError:
    """A key that does not open what is there."""
    return refused("encryption.key_file", "密钥与数据库不配套，无法解密已有数据；请恢复原来的密钥文件")


def not_listening(listen: str, error: OSError | UnicodeError) -> ConfigError:
    """An address that cannot be listened on."""
    return refused("listen", f"地址 {listen} 无法监听：{worded_listening(error)}")


def no_folder(folder: Path, error: OSError) -> ConfigError:
    """A database whose folder cannot be written."""
    return refused("database_url", f"数据库所在目录 {folder} 不能写入（{worded(error)}）")


def no_url() -> ConfigError:
    """A database address that is none."""
    return refused("database_url", NO_URL)


def newer_schema() -> ConfigError:
    """A database of a later program."""
    return refused("database_url", "数据库由更新的版本写成，本程序不能使用；请升级程序，或恢复升级前的备份")


def older_schema() -> ConfigError:
    """A PostgreSQL database that was not upgraded yet."""
    return refused("database_url", "数据库结构较旧，请先备份，再执行：bridge db upgrade")


def not_durable_postgres() -> ConfigError:
    """A server that acknowledges before it has written."""
    return refused("database_url", "PostgreSQL 的 synchronous_commit 和 fsync 不得为 off，否则已确认的工单可能丢失")


def not_durable_sqlite() -> ConfigError:
    """A file system on which SQLite cannot be made safe."""
    return refused(
        "database_url",
        "SQLite 必须运行在 WAL、synchronous=FULL 模式；数据库所在磁盘可能不支持（网络盘请改用本地盘）",
    )


NO_URL = "应写成 sqlite+aiosqlite:///data/bridge.db 或 postgresql+asyncpg://用户:口令@主机:5432/库名；口令里的 @ : / 写成 %40 %3A %2F"
"""How the address of a database is written."""

SQLITE = {
    "not a database": "文件不是 SQLite 数据库；请检查 database_url，或用 bridge restore 恢复备份",
    "malformed": "数据库文件已损坏；请停下服务，用 bridge restore 恢复最近的备份",
    "unable to open": "数据库文件打不开；请检查它和所在目录的属主与权限",
    "full": "数据库所在磁盘已满；请清理空间或扩大磁盘，再启动",
    "disk I/O error": "数据库所在磁盘写不下或读写出错，多半是已满；请清理空间或扩大磁盘，再启动",
    "readonly": "数据库文件只读；请检查它和所在目录的属主与权限、文件系统是否只读",
}
"""What SQLite says of a file no patience makes usable, and what to do."""

POSTGRES = {
    "3D000": "PostgreSQL 上没有这个库；请先建一个空库",
    "28P01": "PostgreSQL 不接受这个用户名或口令；请检查 database_url",
    "28000": "PostgreSQL 不让这个用户连接；请检查 database_url 的用户名和服务器的 pg_hba.conf",
    "42501": "这个数据库用户的权限不够；请让它成为库的属主",
}
"""SQLSTATEs no patience cures. Source: PostgreSQL documentation, appendix A."""
