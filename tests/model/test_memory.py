"""Memory that could be had, from files as kernels write them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from model.memory import available_bytes, resident_bytes

MB = 1 << 20


def write(root: Path, files: Mapping[str, object]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with 1,000 MB left, and no group."""
    write(tmp_path, {"proc/meminfo": f"MemTotal: 9999999 kB\nMemAvailable: {1000 * 1024} kB"})
    return tmp_path


def available(machine: Path) -> int:
    found = available_bytes(machine / "proc", machine / "cgroups")
    assert found is not None
    return found


def test_a_machine_without_groups(machine: Path) -> None:
    assert available(machine) == 1000 * MB


def test_groups_of_version_2_and_those_around_them(machine: Path) -> None:
    group = {"memory.max": "max", "memory.current": 5 * MB, "memory.stat": "inactive_file 0"}
    write(machine, {"proc/self/cgroup": "0::/system/service"})
    write(machine / "cgroups/system/service", group)
    assert available(machine) == 1000 * MB
    write(machine / "cgroups/system", {**group, "memory.max": 700 * MB, "memory.current": 300 * MB})
    assert available(machine) == 400 * MB
    write(machine / "cgroups/system/service", {"memory.max": 90 * MB, "memory.current": 50 * MB})
    assert available(machine) == 40 * MB
    stat = f"active_file 1\ninactive_file {20 * MB}"
    write(machine / "cgroups/system/service", {"memory.stat": stat})
    assert available(machine) == 60 * MB
    write(machine / "cgroups/system/service", {"memory.current": 500 * MB})
    assert available(machine) == 0


def test_a_container_sees_its_own_group_as_the_root(machine: Path) -> None:
    write(machine, {"proc/self/cgroup": "0::/not/seen/from/inside"})
    write(machine / "cgroups", {"memory.max": 300 * MB, "memory.current": 100 * MB})
    assert available(machine) == 200 * MB


def test_groups_of_version_1(machine: Path) -> None:
    write(machine, {"proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/a/b\n0::/c"})
    unlimited = {"memory.limit_in_bytes": 9223372036854771712, "memory.usage_in_bytes": MB}
    write(machine / "cgroups/memory/a/b", unlimited)
    assert available(machine) == 1000 * MB
    limited = {"memory.limit_in_bytes": 600 * MB, "memory.usage_in_bytes": 400 * MB}
    stat = f"inactive_file 7\ntotal_inactive_file {50 * MB}"
    write(machine / "cgroups/memory/a", {**limited, "memory.stat": stat})
    assert available(machine) == 250 * MB


def test_a_limit_of_the_address_space_counts() -> None:
    pytest.importorskip("resource")
    if not Path("/proc/self/statm").exists():
        pytest.skip("the kernel does not tell of processes in files")
    program = (
        "import resource; from model.memory import available_bytes\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); print(available_bytes())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ
    )
    assert 0 < int(done.stdout) < 1 << 30
    assert 5 * MB < resident_bytes() < 1 << 36


def test_what_is_not_said_is_not_made_up(tmp_path: Path) -> None:
    assert resident_bytes(tmp_path) == 0
