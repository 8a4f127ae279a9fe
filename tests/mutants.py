"""Take each defence away in turn: the test that shows it must fail (`make security-mutants`).

A mutant is one small change of the program that removes one defence. The list is checked by the
ordinary tests (every change still applies, every test exists); running it takes a while.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.defences import FORMS, MUTANTS, REACHING, REVIEWED, ROOMS, TELLING, Mutant
from tests.rows import ROWS

ROOT = Path(__file__).resolve().parent.parent
FAILED = 1  # what pytest returns when a test failed, and nothing else was wrong
AT_ONCE = 2
LONGEST = 600  # seconds
ALL = (*MUTANTS, *ROOMS, *REVIEWED, *TELLING, *FORMS, *REACHING, *ROWS)


@dataclass(frozen=True, slots=True)
class Verdict:
    mutant: Mutant
    caught: bool
    output: str


def main(wanted: Sequence[str]) -> int:
    """Run the mutants whose place or test holds one of the words; all without any."""
    mutants = [one for one in ALL if not wanted or any(word in str(one) for word in wanted)]
    missed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for verdict in pool.map(run, mutants):
            print(f"{'caught' if verdict.caught else 'MISSED':7}{verdict.mutant.name}", flush=True)
            if not verdict.caught:
                missed += 1
                print(verdict.output)
    print(f"{len(mutants) - missed} of {len(mutants)} caught")
    return 1 if missed or not mutants else 0


def run(mutant: Mutant) -> Verdict:
    """Whether its test fails without the defence."""
    with tempfile.TemporaryDirectory(prefix="tafelbot-mutant-") as name:
        tree = Path(name)
        for file in tracked():
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, tree / file)
        modules = Path("tests/interop/node_modules")
        if (ROOT / modules).exists():
            (tree / modules).symlink_to(ROOT / modules)
        mutant.apply(tree)
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", *mutant.tests]
        try:
            done = subprocess.run(
                command, cwd=tree, capture_output=True, text=True, check=False, timeout=LONGEST
            )
        except subprocess.TimeoutExpired:
            return Verdict(mutant, caught=False, output="it never ended")
    return Verdict(mutant, done.returncode == FAILED, done.stdout[-3000:])


def tracked() -> Iterator[str]:
    """The files of the project."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return (name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
