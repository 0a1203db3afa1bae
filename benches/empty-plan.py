#!/usr/bin/env python3
"""What an empty plan costs: the table of the README that shows how Landfall grows with the number of accounts.

    python3 benches/empty-plan.py [ACCOUNTS…] [--binary PATH] [--runs N] [--limit SECONDS]

For each size (3, 90 and 450 accounts unless told otherwise) this generates an estate from the repository's modules/, applies it once to an
emulated AWS of its own, and then measures `landfall plan` with nothing left to do. It asserts that the plan is empty, and fails if it is not.

The emulator is one Python process on the same machine, and most of the wall time is spent waiting for it; its own CPU time stands beside
ours for that reason. What is Landfall's own, and stays so against AWS: calls, CPU time and memory. TLS is not in it: loopback is plain HTTP.

It never touches the user's sandbox, only borrows its install if there is one, and leaves nothing behind, on Ctrl-C neither. The standard
library is all it needs. Not a test: nothing here passes or fails by a measured number.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENTS = 3
DOMAINS_A_TEAM = 5
# What `plan` and `apply` say on stderr when they have read or written.
CALLS = re.compile(r"(\d+) AWS calls: (\d+) for the organization, ([\d.]+) in each of (\d+) accounts")
ACCOUNT_EMAIL = "aws+{domain}-{environment}@acme.example"


class Cost(NamedTuple):
    """What one run of the binary cost. `memory` is the peak resident set, in bytes; the times are in seconds."""

    wall: float
    cpu: float
    memory: int
    emulator_cpu: float
    stdout: str
    stderr: str


class Row(NamedTuple):
    """One line of the table."""

    accounts: int
    resources: int
    organization_calls: int
    calls_per_account: float
    cost: Cost


class Bench:
    """The binary, a temporary folder, and the emulator that lives in it."""

    def __init__(self, binary, folder, deadline):
        self.binary, self.folder, self.deadline = binary, folder, deadline
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.environment["LANDFALL_SANDBOX_DIR"] = str(folder / "sandbox")
        self.emulator = None

    def __enter__(self):
        borrow_installs(self.folder / "sandbox")
        # In a session of its own, out of reach of Ctrl-C: a start that is cut short would leave its emulator behind, unknown to `stop`.
        starting = subprocess.Popen([self.binary, "sandbox", "start"], env=self.environment, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            status = starting.wait()
        except BaseException:
            starting.wait()
            self.stop()
            raise
        if status != 0:
            raise SystemExit("the emulated AWS did not start")
        self.emulator = int(re.search(r"process (\d+)", self.sandbox("status")).group(1))
        for line in self.sandbox("env").splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self.environment[name] = value
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        subprocess.run([self.binary, "sandbox", "stop"], env=self.environment, stdout=subprocess.DEVNULL, start_new_session=True, check=False)

    def sandbox(self, action):
        command = [self.binary, "sandbox", action]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True, timeout=60).stdout

    def run(self, *arguments):
        """Runs the binary to its end, and returns what that cost. Any failure of it ends the measuring."""
        out, err = self.folder / "stdout", self.folder / "stderr"
        before, start = cpu_of(self.emulator), time.monotonic()
        with out.open("w") as stdout, err.open("w") as stderr:
            process = subprocess.Popen([self.binary, *arguments], env=self.environment, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL)
        limit = threading.Timer(max(0.0, self.deadline - start), process.kill)
        limit.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            limit.cancel()
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            late = ", as the time is up (--limit)" if time.monotonic() >= self.deadline else ""
            raise SystemExit(f"landfall {arguments[0]} ended with {process.returncode}{late}:\n{out.read_text()}{err.read_text()}"[:4000])
        unit = 1 if sys.platform == "darwin" else 1024
        emulator_cpu = cpu_of(self.emulator) - before
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, emulator_cpu, out.read_text(), err.read_text())

    def measure(self, accounts, runs):
        """One row: a fresh estate, applied, and then the median of some empty plans."""
        self.sandbox("reset")
        root = self.folder / f"estate-{accounts}"
        generate(root, accounts)
        plan = str(self.folder / "plan.json")
        self.run("plan", "--root", str(root), "--out", plan)
        applied = self.run("apply", plan)
        resources = int(re.search(r"Applied: (\d+) done", applied.stdout).group(1))
        say(f"{accounts} accounts: {resources} resources applied in {applied.wall:.0f} s")
        # `--exit-code` makes a plan that is not empty fail.
        costs = [self.run("plan", "--root", str(root), "--exit-code") for _ in range(runs)]
        cost = sorted(costs)[runs // 2]._replace(cpu=sorted(cost.cpu for cost in costs)[runs // 2], memory=max(cost.memory for cost in costs))
        _, organization, each, read = CALLS.search(cost.stderr).groups()
        if int(read) != accounts:
            raise SystemExit(f"{read} accounts were read instead of {accounts}")
        return Row(accounts, resources, int(organization), float(each), cost)


def borrow_installs(folder):
    """Links the installs of the user's own sandbox into a folder, so that none is made anew. Without one, `start` makes its own there."""
    folder.mkdir()
    own = os.environ.get("LANDFALL_SANDBOX_DIR") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "landfall" / "sandbox"
    for ready in Path(own).glob("*/ready"):
        (folder / ready.parent.name).symlink_to(ready.parent, target_is_directory=True)


def generate(root, accounts):
    """Writes an estate of so many accounts: the repository's modules, and domains in three environments each."""
    shutil.copytree(REPOSITORY / "modules", root / "modules")
    domains = range(accounts // ENVIRONMENTS)
    teams = range(-(-len(domains) // DOMAINS_A_TEAM))
    lines = [
        f'organization: {{ name: acme, account_email: "{ACCOUNT_EMAIL}", home_region: us-west-2, github: acme-example }}',
        # 4,096 ranges of the usual size: room for ten times the largest estate in the table.
        "network: { pool: 10.0.0.0/8, vpc_prefix: 20, zones: 3, reserved: { office: 10.0.0.0/16 } }",
        'people: { ada: { name: Ada Fern, email: ada@acme.example, phone: "+15550100" } }',
        "teams:",
        *(f'  team-{team}: {{ slack: "#team-{team}", on_call: {{ primary: [ada] }} }}' for team in teams),
        "domains:",
        *(f"  domain-{n}: {{ team: team-{n // DOMAINS_A_TEAM}, repositories: [repository-{n}], ci_users: {{ deploy: {{}} }} }}" for n in domains),
        "rollout: { waves: [dev, stage, prod] }",
    ]
    (root / "domains.yaml").write_text("\n".join(lines) + "\n")


def cpu_of(pid):
    """The CPU seconds that a process has used so far; 0 where the system does not tell (no /proc)."""
    try:
        # The second field is the program's name, in parentheses, and may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def table(rows):
    """The Markdown table. Per account means: what each account more has cost since the row above, without what a run costs anyway."""
    yield "| accounts | resources | wall | CPU | CPU per account | peak memory | memory per account | AWS calls per account | organization's calls | emulator's CPU |"
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for above, row in zip([None, *rows], rows):
        cost = row.cost
        cpu = memory = "–"
        if above and row.accounts > above.accounts:
            more = row.accounts - above.accounts
            cpu = f"{(cost.cpu - above.cost.cpu) / more * 1000:.1f} ms"
            memory = f"{(cost.memory - above.cost.memory) / more / 1e6:.2f} MB"
        yield (
            f"| {row.accounts} | {row.resources:,} | {cost.wall:.1f} s | {cost.cpu:.2f} s | {cpu} | {cost.memory / 1e6:.0f} MB | {memory} "
            f"| {row.calls_per_account:.1f} | {row.organization_calls} | {cost.emulator_cpu:.1f} s |"
        )


def say(line):
    print(line, file=sys.stderr, flush=True)


def arguments():
    built = [path for path in (REPOSITORY / "target" / kind / "landfall" for kind in ("release", "debug")) if path.exists()]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("accounts", nargs="*", type=int, default=[3, 90, 450], metavar="ACCOUNTS", help="sizes, multiples of 3 (default: 3 90 450)")
    parser.add_argument("--binary", type=Path, default=next(iter(built), None), help="default: target/release/landfall, else target/debug/landfall")
    parser.add_argument("--runs", type=int, default=3, help="plans measured for each size (default: 3)")
    parser.add_argument("--limit", type=float, default=3600, help="give up after so many seconds (default: 3600)")
    given = parser.parse_args()
    if given.binary is None or not given.binary.exists():
        parser.error("there is no binary to measure: cargo build --release")
    if any(size <= 0 or size % ENVIRONMENTS for size in given.accounts):
        parser.error(f"sizes are multiples of {ENVIRONMENTS}: every domain has so many environments")
    if given.runs < 1:
        parser.error("at least one plan has to be measured")
    return given


def main():
    given = arguments()
    binary = given.binary.resolve()
    say(f"measuring {binary}")
    # Being ended politely is cleaned up after as Ctrl-C is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    with tempfile.TemporaryDirectory(prefix="landfall-bench-") as folder:
        with Bench(binary, Path(folder), time.monotonic() + given.limit) as bench:
            rows = [bench.measure(size, given.runs) for size in given.accounts]
    print("\n".join(table(rows)))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
