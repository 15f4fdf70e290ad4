"""``make slurm-test``: a real SLURM on this machine, a sweep of re-runs and a blockwise scoring job through it.

Starts munge (where it does not run), slurmctld and slurmd from Debian's packages with a configuration of its own at
``/etc/slurm/slurm.conf`` (jobs lose ``SLURM_CONF``, so no other place works), runs a small sweep on the phantom and a
scoring job on zarr through ``profiles/slurm``, compares every score with the same work done without SLURM, and stops
what it started. It refuses where a configuration stands that it did not write. Run as root; ends nothing by name.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

ROOT = Path(__file__).parents[2]
CONFIG = Path("/etc/slurm/slurm.conf")
MARK = "# written by metareview's make slurm-test, which deletes it again"
PROGRAMS = ("munged", "munge", "unmunge", "slurmctld", "slurmd", "sinfo", "scontrol", "squeue", "sbatch")
EXAMPLE = ROOT / "examples" / "phantom"


class Refused(SystemExit):
    """A precondition that does not hold; the message says which and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(f"slurm-test: {text}")


def say(text: str) -> None:
    sys.stderr.write(f"slurm-test: {text}\n")


def quiet(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def check_machine(config: Path = CONFIG) -> None:
    """Refuse where this test would disturb something or cannot run."""
    if config.exists() and MARK not in config.read_text(encoding="utf-8", errors="replace"):
        raise Refused(f"{config} is there and was not written by this test; it is left alone, and nothing was started")
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise Refused(
            f"{', '.join(missing)} not found; apt-get install -y --no-install-recommends slurm-wlm munge brings them"
        )
    if os.geteuid() != 0:
        raise Refused("munge and the SLURM daemons are started here; run it as root on a machine for tests")
    if quiet("sinfo").returncode == 0:
        raise Refused("a SLURM controller answers already; this test only works with its own")


def configuration(state: Path, host: str, cpus: int, memory: int) -> str:
    """Return a configuration that works without cgroups, accounting or a database."""
    settings = {
        "ClusterName": "metareview", "SlurmctldHost": f"{host}(127.0.0.1)", "SlurmUser": "root", "SlurmdUser": "root",
        "AuthType": "auth/munge", "ProctrackType": "proctrack/linuxproc", "TaskPlugin": "task/none",
        "SelectType": "select/cons_tres", "SelectTypeParameters": "CR_Core", "ReturnToService": "2",
        "AccountingStorageType": "accounting_storage/none", "JobAcctGatherType": "jobacct_gather/none",
        "MpiDefault": "none", "MinJobAge": "600", "StateSaveLocation": state / "ctld", "SlurmdSpoolDir": state / "d",
        "SlurmctldLogFile": state / "slurmctld.log", "SlurmdLogFile": state / "slurmd.log",
        "SlurmctldPidFile": state / "slurmctld.pid", "SlurmdPidFile": state / "slurmd.pid",
    }  # fmt: skip
    lines = [MARK, *(f"{name}={value}" for name, value in settings.items())]
    lines.append(f"NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN")
    lines.append(f"PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP")
    return "\n".join(lines) + "\n"


def size_of_node() -> tuple[int, int]:
    """Return processors, and memory in MB well below what slurmd finds."""
    found = dict(part.split("=", 1) for part in quiet("slurmd", "-C").stdout.split() if "=" in part)
    return int(found["CPUs"]), int(0.9 * int(found["RealMemory"]))


@contextmanager
def munge(state: Path) -> Iterator[None]:
    """Have munge answer; start it where it does not, and stop only what was started here."""
    if quiet("sh", "-c", "munge -n | unmunge").returncode == 0:
        yield
        return
    run = Path("/run/munge")
    run.mkdir(exist_ok=True)
    shutil.chown(run, "munge", "munge")
    pid = run / "metareview-munged.pid"
    started = quiet("runuser", "-u", "munge", "--", "munged", f"--pid-file={pid}")
    try:
        if not wait_for(lambda: quiet("sh", "-c", "munge -n | unmunge").returncode == 0, 20):
            raise Refused(f"munge does not answer: {started.stderr.strip()}")
        yield
    finally:
        stop(pid)


@contextmanager
def slurm(state: Path) -> Iterator[None]:
    """Run controller and node daemon; on the way out stop them and delete the configuration."""
    host = socket.gethostname().split(".")[0]
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    CONFIG.write_text(configuration(state, host, *size_of_node()), encoding="utf-8")
    try:
        for name in ("ctld", "d"):
            (state / name).mkdir()
        for command in (("slurmctld", "-c"), ("slurmd",)):
            done = quiet(*command)
            if done.returncode:
                raise Refused(f"{command[0]} does not start: {done.stderr.strip()}")
        if not wait_for(lambda: "idle" in quiet("sinfo", "-h", "-o", "%T").stdout, 60):
            raise Refused(f"the node does not become idle; see {state}")
        say(f"one node, {quiet('sinfo', '-h', '-o', '%n %c cores %m MB %T').stdout.strip()}")
        yield
    finally:
        quiet("scontrol", "shutdown")
        for name in ("slurmd", "slurmctld"):
            stop(state / f"{name}.pid")
        CONFIG.unlink(missing_ok=True)


def wait_for(holds: Any, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.5)
    return bool(holds())


def stop(pid_file: Path) -> None:
    """End the process of a pid file and wait for it; nothing where it has ended."""
    with suppress(OSError, ValueError):
        pid = int(pid_file.read_text(encoding="utf-8"))
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), 10)  # scontrol shutdown is on its way
        os.kill(pid, 15)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), 10)


def profiles(state: Path) -> dict[str, Path]:
    """Return the two profiles: the shipped ones, the one of SLURM with what a machine without accounting needs."""
    import yaml

    made = {}
    for name in ("local", "slurm"):
        body = yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text(encoding="utf-8"))
        if name == "slurm":
            body |= {"slurm-status-command": "squeue", "slurm-init-seconds-before-status-checks": 5, "latency-wait": 5}
            body["default-resources"] |= {"slurm_partition": "main", "slurm_account": "none", "mem_mb": 1000}
            body["slurm-logdir"] = str(state / "job-logs")
        made[name] = state / name / "profile"
        made[name].mkdir(parents=True)
        (made[name] / "config.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
    return made


def sweep(folder: Path, profile: Path) -> dict[str, Any]:
    """Run every spec and seed of the example through Snakemake; return the scores and thresholds of each run."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("runs", ".work", "*.csv.bak"))
    program(folder, "rerun", "run", str(folder), "--profile", str(profile), "--device", "cpu")
    found = {}
    for path in sorted((folder / "reruns" / "runs").glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        found[body["run_id"]] = {key: body[key] for key in ("scores", "thresholds", "threshold")}
    return found


def scoring(folder: Path, profile: Path) -> dict[str, Any]:
    """Score two zarr stores through Snakemake; return the rows."""
    import numpy as np
    import zarr

    rng = np.random.default_rng(3)
    truth = np.kron(rng.integers(0, 60, (4, 8, 8)), np.ones((8, 16, 16))).astype(np.uint64)
    stores = {"truth": truth, "prediction": np.roll(truth, 3, axis=2)}
    for name, labels in stores.items():
        array = zarr.create_array(store=str(folder / f"{name}.zarr"), shape=truth.shape, chunks=(16, 64, 64),
                                  dtype="uint64")  # fmt: skip
        array[:] = labels
    given = {name: folder / f"{name}.zarr" for name in stores} | {"scores": folder / "scores.json"}
    config = [f"{name}={path}" for name, path in given.items()]
    done = quiet(
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "tests" / "slurm" / "score.smk"), "--directory",
        str(folder), "--profile", str(profile), "--config", *config,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"slurm-test: the scoring job failed\n{done.stderr[-4000:]}")
    rows: dict[str, Any] = json.loads((folder / "scores.json").read_text(encoding="utf-8"))["rows"]
    return rows


def program(folder: Path, *arguments: str) -> None:
    done = quiet(sys.executable, "-m", "metareview", *arguments, cwd=folder.parent)
    if done.returncode:
        raise SystemExit(f"slurm-test: metareview {' '.join(arguments)} failed\n{done.stdout}{done.stderr[-4000:]}")


def main() -> None:
    check_machine()
    state = Path(mkdtemp(prefix="metareview-slurm-", dir="/var/tmp"))
    state.chmod(0o755)
    begin = time.monotonic()
    made = profiles(state)
    found: dict[str, tuple[Any, Any]] = {}
    say("without SLURM")
    found["local"] = sweep(state / "local" / "phantom", made["local"]), scoring(state / "local", made["local"])
    with munge(state), slurm(state):
        say("through SLURM")
        found["slurm"] = sweep(state / "slurm" / "phantom", made["slurm"]), scoring(state / "slurm", made["slurm"])
        shown = quiet("scontrol", "show", "job", "-o").stdout
    completed = sum("JobState=COMPLETED" in line for line in shown.splitlines())
    runs = len(found["local"][0])
    if found["local"] != found["slurm"] or not runs:
        (state / "found.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
        raise SystemExit(f"slurm-test: scores differ, or nothing ran; compare them in {state / 'found.json'}")
    if completed < runs + 1:
        raise SystemExit(f"slurm-test: SLURM completed {completed} jobs, expected {runs + 1}; see {state}")
    say(f"{runs} runs and a scoring job: {completed} SLURM jobs, every score equal to the local one, "
        f"{time.monotonic() - begin:.0f} s; stopped")  # fmt: skip
    shutil.rmtree(state)


if __name__ == "__main__":
    main()
