"""The audit: time for 10,000 claims and for a reconstruction, false alarms on genuine data, power, proposals.

python benchmarks/bench_audit.py                  # 10,000 draws of genuine data per exact check: some minutes
python benchmarks/bench_audit.py --draws 500      # a shorter run
"""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

from metareview.audit import audit_claims, run_check
from metareview.audit.claims import ClaimRow, read_claims
from metareview.audit.propose import propose_claims, score_proposals
from metareview.audit.simulate import GENERATORS, PLANTS, simulate
from metareview.schema.claim import Claim

CLAIMS = 10_000
AP = (
    "n=8; mean=0.820; sd=0.160; min=0.536; max=0.973; median=0.845; f=19.03; p=0.008; d=-6.44; group1=CNN; "
    "group2=Foundation; members=0.782@Hybrid|0.769@Transformer"
)
REVIEW = Path(__file__).parent.parent / "data" / "studies" / "brain-em"


def claims(count: int) -> list[ClaimRow]:
    """Return so many claims, every exact check in turn, with genuine figures."""
    rng, names = Random(1), list(GENERATORS)
    rows = []
    for number in range(count):
        check = names[number % len(names)]
        inputs = "; ".join(f"{name}={value}" for name, value in GENERATORS[check](rng).items())
        claim = Claim(claim_id=f"c{number}", statement="a claim", type="count", source_id="paper", locator="L1",
                      check=check, inputs=inputs)  # fmt: skip
        rows.append(ClaimRow(claim))
    return rows


def one(task: tuple[str, int]) -> tuple[str, dict[str, int], dict[str, int]]:
    """Simulate one check: genuine data, and planted errors."""
    check, draws = task
    return check, dict(simulate(check, draws, 1)), dict(simulate(check, min(draws, 1000), 2, plant=True))


def main() -> int:
    """Run everything; the exit code is 1 where genuine data were called contradicted or a time limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10_000)
    draws, failed = parser.parse_args().draws, False

    rows = claims(CLAIMS)
    run_check("p-value", "test=t; statistic=2.2; df=28; p=.04")  # imports are not what is measured
    start = time.perf_counter()
    result = audit_claims(rows)
    seconds = time.perf_counter() - start
    failed |= seconds > 10 or len(result.dropped) > 0
    print(f"{len(result.rows):,} claims of {len(GENERATORS)} kinds audited in {seconds:.1f} s (limit 10 s)")

    start = time.perf_counter()
    first, second = run_check("reconstruct", AP), run_check("reconstruct", AP)
    seconds = (time.perf_counter() - start) / 2
    failed |= seconds > 60 or first != second
    print(f"reconstruction of the AP analysis in {seconds:.1f} s (limit 60 s), the same twice: {first == second}")

    print(f"\n{'check':20} {'draws':>6} {'false alarms':>12} {'underpowered':>12} {'planted found':>13}")
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for check, found, planted in pool.map(one, [(check, draws) for check in GENERATORS]):
            alarms = found.get("contradicted", 0) + found.get("contradicted_if", 0)
            hits = (planted.get("contradicted", 0) + planted.get("contradicted_if", 0)) / sum(planted.values())
            weak = found.get("underpowered", 0) / draws
            print(f"{check:20} {draws:6,} {alarms:12} {weak:12.1%} {hits if check in PLANTS else 0:13.1%}")
            failed |= alarms > 0

    sources = Path(os.environ.get("METAREVIEW_SOURCES", ""))
    paper, table = sources / "shah2025_review.txt", REVIEW / "claims.csv"
    if paper.is_file() and table.is_file():
        own = [row.claim for row in read_claims(table)[0] if row.claim.source_id == paper.stem]
        score = score_proposals(propose_claims(paper.read_text(encoding="utf-8"), paper.stem), own)
        print(
            f"\nproposals against {score.claims} claims of the founding review: {score.proposals} proposals, "
            f"recall {score.recall:.0%}, precision {score.precision:.0%}"
        )
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
