"""What the operating system refused, in the operators' words and with what to do about it.

Owns: the wording of an errno. Must not: name a file; the caller does.
"""

from __future__ import annotations

import errno
import os

_WORDS = {
    errno.ENOSPC: "磁盘已满，请清理空间",
    errno.EDQUOT: "配额已满，请清理空间",
    errno.EROFS: "文件系统只读，请检查挂载",
    errno.EACCES: "没有权限，请检查目录属主与权限",
    errno.EPERM: "没有权限，请检查目录属主与权限",
    errno.ENOENT: "目录不存在，请检查挂载",
    errno.ENOTDIR: "不是目录，或是符号链接",
    errno.EEXIST: "同名的已在，而且不是目录",
    errno.ELOOP: "不是目录，或是符号链接",
}
_LISTENING = {
    errno.EADDRINUSE: "已被占用",
    errno.EADDRNOTAVAIL: "本机没有这个地址",
    errno.EACCES: "没有权限，1024 以下的端口要有相应的能力",
}


def worded(error: OSError) -> str:
    """Say why a file or folder could not be used."""
    return _WORDS.get(error.errno or 0) or os.strerror(error.errno or 0)


def worded_listening(error: OSError) -> str:
    """Say why an address could not be listened on."""
    return _LISTENING.get(error.errno or 0) or os.strerror(error.errno or 0)
