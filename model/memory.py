"""How much memory there is to be had: the machine's, a container's, and the process's own limit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC, _CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
_STACKS = 64 << 20  # address space for stacks of threads and buffers of BLAS that are still to come
_NO_LIMIT = 1 << 60  # version 1 of control groups writes "no limit" as a number near 2^63


def available_bytes(proc: Path = _PROC, cgroups: Path = _CGROUPS) -> int | None:
    """Memory that could be had now, None where the platform does not say.

    The least of what the machine has left, of what each control group that the process is in
    (version 1 or 2, as containers and services have them) leaves of its limit, and of the address
    space that `ulimit -v` leaves.

    Args:
        proc: where the kernel tells of processes.
        cgroups: where it tells of control groups.
    """
    rooms = [*_machine(proc), *_groups(proc, cgroups), *_address_space(proc)]
    return max(0, min(rooms)) if rooms else None


def resident_bytes(proc: Path = _PROC) -> int:
    """Memory that this process has now; 0 where the platform does not say."""
    numbers = _text(proc / "self" / "statm").split()
    return int(numbers[1]) * os.sysconf("SC_PAGE_SIZE") if len(numbers) > 1 else 0


def _machine(proc: Path) -> Iterator[int]:
    found = _entry(proc / "meminfo", "MemAvailable:")
    if found is not None:
        yield found * 1024
        return
    try:
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return


def _groups(proc: Path, cgroups: Path) -> Iterator[int]:
    """What is left in each group from the process's own up to the root."""
    for line in _text(proc / "self" / "cgroup").splitlines():
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if number == "0" and not controllers:
            root, limit, usage, inactive = cgroups, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            root, limit = cgroups / "memory", "memory.limit_in_bytes"
            usage, inactive = "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        group = root / path.lstrip("/")
        # In a container the path may be one of the outside: what is seen of it is the root then.
        for folder in [group, *group.parents]:
            most, used = _number(folder / limit), _number(folder / usage)
            if most is not None and used is not None and most < _NO_LIMIT:
                # Files in the cache are given back when memory is wanted.
                yield most - used + (_entry(folder / "memory.stat", inactive) or 0)
            if folder == root:
                break


def _address_space(proc: Path) -> Iterator[int]:
    try:
        import resource
    except ImportError:  # Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    numbers = _text(proc / "self" / "statm").split()
    if limit != resource.RLIM_INFINITY and numbers:
        yield limit - int(numbers[0]) * os.sysconf("SC_PAGE_SIZE") - _STACKS


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _entry(path: Path, name: str) -> int | None:
    for line in _text(path).splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == name and words[1].isdecimal():
            return int(words[1])
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
