"""What can be tested of ``make slurm-test`` without SLURM: the configuration, the refusals, the profile; and the sweep.

The real thing is ``make slurm-test``, outside this suite: it needs root and Debian's slurm-wlm and munge.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def machine() -> ModuleType:
    spec = importlib.util.spec_from_file_location("one_machine", ROOT / "tests" / "slurm" / "one_machine.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_configuration_of_somebody_else_is_left_alone(machine: ModuleType, tmp_path: Path) -> None:
    config = tmp_path / "slurm.conf"
    config.write_text("ClusterName=theirs\n")
    with pytest.raises(SystemExit, match=r"was not written by this test; it is left alone"):
        machine.check_machine(config)
    assert config.read_text() == "ClusterName=theirs\n"


def test_missing_packages_are_named(machine: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="apt-get install -y --no-install-recommends slurm-wlm munge"):
        machine.check_machine(tmp_path / "slurm.conf")


def test_its_own_configuration_carries_its_mark(machine: ModuleType, tmp_path: Path) -> None:
    text = machine.configuration(tmp_path, "vm", 2, 4000)
    assert text.startswith(machine.MARK)
    for line in (
        "AccountingStorageType=accounting_storage/none",
        "ProctrackType=proctrack/linuxproc",
        "NodeName=vm NodeAddr=127.0.0.1 CPUs=2 RealMemory=4000 State=UNKNOWN",
        "SlurmctldHost=vm(127.0.0.1)",
    ):
        assert line in text.splitlines()
    assert all(str(tmp_path) in line for line in text.splitlines() if "PidFile" in line or "Location" in line)


def test_the_profile_is_the_shipped_one_with_what_this_machine_needs(machine: ModuleType, tmp_path: Path) -> None:
    import yaml

    made = machine.profiles(tmp_path)
    shipped = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text())
    ours = yaml.safe_load((made["slurm"] / "config.yaml").read_text())
    assert ours["executor"] == shipped["executor"] == "slurm"
    assert ours["slurm-status-command"] == "squeue"  # without accounting sacct never answers
    assert set(shipped) <= set(ours)


def test_a_sweep_is_one_job_per_spec_and_seed_with_its_resources(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "metareview" / "workflow" / "rerun.smk"),
        "--dry-run", "--cores", "1", "--directory", str(tmp_path),
        "--config", f"review={ROOT / 'examples' / 'phantom'}", "device=cpu",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout + done.stderr
    for spec in ("phantom_unet2d", "phantom_forest"):
        assert all(f"rule run_{spec}_as_written_f0_s{seed}" in said for seed in (1, 2, 3))
    assert "mem_mb=1500" in said
    assert "runtime=10" in said


def test_make_paper_never_trains() -> None:
    rules = (ROOT / "metareview" / "workflow" / "rules.smk").read_text(encoding="utf-8")
    assert "rerun" not in rules
    assert "rerun.smk" not in (ROOT / "Snakefile").read_text(encoding="utf-8")
