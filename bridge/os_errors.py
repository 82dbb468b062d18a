"""What the operating system refused, in the operators' words and with what to do about it.

Owns: the wording of an errno. Must not: name a file; the caller does.
"""

from __future__ import annotations

import errno
import os
import socket

_WORDS = {
    errno.ENOSPC: "磁盘已满，请清理空间",
    errno.EDQUOT: "配额已满，请清理空间",
    errno.EROFS: "文件系统只读，请检查挂载",
    errno.EACCES: "没有权限，请检查目录属主与权限",
    errno.EPERM: "没有权限，请检查目录属主与权限",
    errno.ENOENT: "文件或目录不存在，请检查路径与挂载",
    errno.ENOTDIR: "不是目录，或是符号链接",
    errno.EEXIST: "同名的已在，而且不是目录",
    errno.ELOOP: "不是目录，或是符号链接",
    errno.EISDIR: "是文件夹，不是文件",
    errno.EIO: "磁盘读写出错，请检查磁盘",
}
_LISTENING = {
    errno.EADDRINUSE: "已被占用；请换一个端口，或停掉占用它的程序",
    errno.EADDRNOTAVAIL: "本机没有这个地址；请改成本机的地址，或 0.0.0.0",
    errno.EACCES: "没有权限；1024 以下的端口要有相应的能力，或换一个端口",
}


def worded(error: OSError) -> str:
    """Say why a file or folder could not be used."""
    return _WORDS.get(error.errno or 0) or os.strerror(error.errno or 0)


def worded_listening(error: OSError | UnicodeError) -> str:
    """Say why an address could not be listened on, and what to do."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return "主机名解析不出地址；请直接写 IP 地址"
    return _LISTENING.get(error.errno or 0) or f"{os.strerror(error.errno or 0)}；请改正 listen"
