"""End a process together with the one that started it.

On Linux the kernel kills a child when its parent dies (prctl(2), PR_SET_PDEATHSIG), also when the
parent got SIGKILL. Elsewhere a thread watches for the parent to change.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LINUX = sys.platform.startswith("linux")
# Loaded before any fork: between fork and exec a child should not import or allocate much.
_libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None


def die_with(parent: int) -> None:
    """End this process when `parent`, which must be its parent, ends.

    Call it from the child. The kernel watches the *thread* that forked, so parents fork from
    threads that live as long as they do. A parent that died before the call is detected too.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def before_exec() -> Callable[[], None]:
    """Return a `preexec_fn` that ends the new program with the calling process.

    The setting survives exec. Where the kernel offers none, the programs of this package call
    `die_with_supervisor` themselves.
    """
    parent = os.getpid()

    def bind() -> None:
        if _libc is not None:
            die_with(parent)

    return bind


def die_with_supervisor() -> None:
    """End a program with the supervisor that started it, which is named in the environment."""
    parent = os.environ.get("_GSP_SUPERVISOR")
    if parent:
        die_with(int(parent))


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
