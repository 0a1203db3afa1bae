#!/usr/bin/env python3
"""What an empty plan costs: the table of the README that shows how Landfall grows with the number of accounts.

    python3 benches/empty-plan.py [ACCOUNTS…] [--binary PATH] [--runs N] [--limit SECONDS]

For each size (3, 45 and 90 accounts unless told otherwise) this generates an estate with every one of the repository's modules/, applies it
once to an emulated AWS of its own, and then measures `landfall plan` with nothing left to do. It asserts that the plan is empty, and fails if
it is not. Larger sizes take the emulator 25 MB an account for AWS's managed policies, and some five seconds an account to apply.

The emulator is one Python process on the same machine, and most of the wall time is spent waiting for it; its own CPU time stands beside
ours for that reason. What is Landfall's own, and stays so against AWS: calls, CPU time and memory. TLS is not in it: loopback is plain HTTP.
Calls are AWS's alone; New Relic and GitHub are emulated too, and are not counted.

It never touches the user's sandbox, only borrows its install (`landfall sandbox start --emulated` makes it), and leaves nothing behind, on Ctrl-C
neither. The standard library is all it needs. Not a test: nothing here passes or fails by a measured number.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENTS = 3
DOMAINS_A_TEAM = 5
PEOPLE = ["ada", "grace", "linus"]
# The emulator loads its models in a second or two, and much slower on a machine that compiles. In seconds.
STARTING = 120
# What `plan` and `apply` say on stderr when they have read or written.
CALLS = re.compile(r"(\d+) AWS calls: .* in each of (\d+) accounts")
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
    calls: int
    cost: Cost


class Bench:
    """The binary, a temporary folder, and an emulator of our own."""

    def __init__(self, binary, python, folder, deadline):
        self.binary, self.python, self.folder, self.deadline = binary, python, folder, deadline
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        credentials = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_CONFIG_FILE": os.devnull}
        beside = {"GITHUB_TOKEN": "bench", "GITHUB_API_URL": f"{self.endpoint}/github"}
        beside |= {"NEW_RELIC_API_KEY": "bench", "NEW_RELIC_API_URL": f"{self.endpoint}/newrelic/graphql"}
        self.environment = kept | credentials | beside | {"AWS_ENDPOINT_URL": self.endpoint, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        self.emulator = None

    def __enter__(self):
        return self

    def start(self):
        # The sandbox's own program: it adds the services that moto lacks, which most of the modules need.
        command = [self.python, "-I", "-B", REPOSITORY / "src" / "commands" / "sandbox" / "server.py"]
        command += ["--run", self.folder, "--version", "bench", "--port", str(self.port)]
        with (self.folder / "emulator.log").open("w") as log:
            # Out of reach of Ctrl-C, which is ours to answer: first the binary ends, then the emulator.
            self.emulator = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.come_up()

    def __exit__(self, *_):
        if self.emulator is not None:
            self.emulator.kill()
            self.emulator.wait()

    def come_up(self):
        end = min(self.deadline, time.monotonic() + STARTING)
        while self.emulator.poll() is None and time.monotonic() < end:
            try:
                return self.ask("/moto-api/config", {"lambda": {"use_docker": False}})
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"the emulated AWS did not start:\n{(self.folder / 'emulator.log').read_text()}")

    def empty(self):
        """Starts an emulator anew, and makes the organization that a management account begins with."""
        # Not moto's own reset, which takes minutes where there were many accounts.
        self.__exit__()
        self.start()
        target = {"X-Amz-Target": "AWSOrganizationsV20161128.CreateOrganization", "Content-Type": "application/x-amz-json-1.1"}
        scope = "Credential=bench/20200101/us-east-1/organizations/aws4_request"
        self.ask("/", {"FeatureSet": "ALL"}, target | {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"})

    def ask(self, path, body, headers=None):
        request = urllib.request.Request(self.endpoint + path, json.dumps(body).encode(), headers or {"Content-Type": "application/json"})
        # Whatever proxy the environment names, loopback is reached without it.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60):
            pass

    def run(self, *arguments):
        """Runs the binary to its end, and returns what that cost. Any failure of it ends the measuring."""
        out, err = self.folder / "stdout", self.folder / "stderr"
        before, start = cpu_of(self.emulator.pid), time.monotonic()
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
        emulator_cpu = cpu_of(self.emulator.pid) - before
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, emulator_cpu, out.read_text(), err.read_text())

    def measure(self, accounts, runs):
        """One row: a fresh estate, applied, and then the median of some empty plans."""
        self.empty()
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
        calls, read = CALLS.search(cost.stderr).groups()
        if int(read) != accounts:
            raise SystemExit(f"{read} accounts were read instead of {accounts}")
        return Row(accounts, resources, int(calls), cost)


def installed_python():
    """The Python of the newest install that `landfall sandbox start --emulated` has made, with moto in it."""
    own = os.environ.get("LANDFALL_SANDBOX_DIR") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "landfall" / "sandbox"
    ready = max(Path(own).glob("*/ready"), key=lambda path: path.stat().st_mtime, default=None)
    if ready is None:
        raise SystemExit("the emulated AWS is not installed: run `landfall sandbox start --emulated` once, and `landfall sandbox stop`")
    return ready.parent / "bin" / "python"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def generate(root, accounts):
    """Writes an estate of so many accounts: the repository's modules, all of them on, and domains in three environments each."""
    shutil.copytree(REPOSITORY / "modules", root / "modules")
    domains = range(accounts // ENVIRONMENTS)
    teams = range(-(-len(domains) // DOMAINS_A_TEAM))
    lines = [
        f'organization: {{ name: acme, account_email: "{ACCOUNT_EMAIL}", home_region: us-west-2, regions: [eu-central-1], github: acme-example }}',
        # 4,096 ranges of the usual size: room for ten times the largest estate in the table.
        "network: { pool: 10.0.0.0/8, vpc_prefix: 20, zones: 3, reserved: { office: 10.0.0.0/16 } }",
        "people:",
        *(f'  {name}: {{ name: {name}, email: {name}@acme.example, phone: "+1555010{n}" }}' for n, name in enumerate(PEOPLE)),
        "teams:",
        *(f'  team-{team}: {{ slack: "#team-{team}", on_call: {{ primary: [ada], secondary: [grace], escalation: linus }} }}' for team in teams),
        "domains:",
        *(f"  domain-{n}: {{ team: team-{n // DOMAINS_A_TEAM}, repositories: [repository-{n}], ci_users: {{ deploy: {{}} }} }}" for n in domains),
        "modules:",
        "  ci-users: { github: true }",
        "  observability: { prefix: acme }",
        "  support: { tier: business }",
        "  quotas: { quotas: { ec2/L-0263D0A3: 10 } }",

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
    """The Markdown table. What an account costs is the difference to the row above it, without what a run costs anyway."""
    yield "| accounts | resources | AWS calls | an account | CPU | an account | peak memory | an account | wall | emulator's CPU |"
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for above, row in zip([None, *rows], rows):
        cost = row.cost
        calls = cpu = memory = "–"
        if above and row.accounts > above.accounts:
            more = row.accounts - above.accounts
            calls = f"{(row.calls - above.calls) / more:.1f}"
            cpu = f"{(cost.cpu - above.cost.cpu) / more * 1000:.1f} ms"
            memory = f"{(cost.memory - above.cost.memory) / more / 1e6:.2f} MB"
        yield (
            f"| {row.accounts} | {row.resources:,} | {row.calls:,} | {calls} | {cost.cpu:.2f} s | {cpu} "
            f"| {cost.memory / 1e6:.0f} MB | {memory} | {cost.wall:.1f} s | {cost.emulator_cpu:.1f} s |"
        )


def say(line):
    print(line, file=sys.stderr, flush=True)


def arguments():
    built = [path for path in (REPOSITORY / "target" / kind / "landfall" for kind in ("release", "debug")) if path.exists()]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("accounts", nargs="*", type=int, default=[3, 45, 90], metavar="ACCOUNTS", help="sizes, multiples of 3 (default: 3 45 90)")
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
        with Bench(binary, installed_python(), Path(folder), time.monotonic() + given.limit) as bench:
            rows = [bench.measure(size, given.runs) for size in given.accounts]
    print("\n".join(table(rows)))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
