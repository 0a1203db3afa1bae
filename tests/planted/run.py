#!/usr/bin/env python3
"""Plants bugs into a copy of the tree, one after the other, and says which tests catch them, and in how many seeds.

Each patch of this folder adds one bug that sleeps until LANDFALL_PLANTED names it, so that one build serves them all. They are a series:
later ones may stand on earlier ones. Never touches the tree itself.

    tests/planted/run.py [--write] [--again] [NAME...]

LANDFALL_SEEDS says how many seeds (100), --write keeps the table in docs/trust.md, --again takes what the last call built.
"""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / "target" / "planted"
TESTS = ["simulation", "properties", "hostile"]
BEGIN, END = "<!-- planted: begin -->", "<!-- planted: end -->"
# What says of the harness itself that it works.
SKIPPED = ["the_storms_are_storms", "equal_seeds", "what_is_left_is_what_it_takes"]
# More than any test takes, with a bug that makes it slow.
PATIENCE = 900


def run(*command, **more):
    return subprocess.run(command, text=True, capture_output=True, **more)


def copy():
    shutil.rmtree(TREE, ignore_errors=True)
    files = run("git", "ls-files", "-z", cwd=ROOT, check=True).stdout.split("\0")
    for file in filter(None, files):
        (TREE / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, TREE / file)
    # A repository of its own: inside of another one, `git apply` leaves out what is not in its index.
    run("git", "init", "--quiet", cwd=TREE, check=True)


def plant(patches):
    for patch in patches:
        applied = run("git", "apply", str(patch), cwd=TREE)
        if applied.returncode:
            sys.exit(f"{patch.name} no longer fits the tree; write it anew:\n{applied.stderr}")


def build():
    wanted = [word for test in TESTS for word in ("--test", test)]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}
    # Under names of its own, which another profile gives: cargo must not take what it finds there for the tree itself. Dependencies are shared.
    apart = "profile.dev.package.landfall.debug=false"
    built = run("cargo", "test", "--locked", "--config", apart, *wanted, "--no-run", "--message-format=json", cwd=TREE, env=environment)
    if built.returncode:
        sys.exit(f"the tree with the bugs in it does not build:\n{built.stderr}")
    told = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    made = [one for one in told if one.get("executable") and one["target"]["kind"] == ["test"]]
    # Kept apart: a build of the tree itself has the same names for them.
    kept = ROOT / "target" / "planted-tests"
    kept.mkdir(exist_ok=True)
    return {one["target"]["name"]: shutil.copy2(one["executable"], kept / one["target"]["name"]) for one in made}


def caught(executable, bug, *only):
    environment = {**os.environ, "LANDFALL_PLANTED": bug, "LANDFALL_SHRINK": "0", "RUST_BACKTRACE": "0", "PROPTEST_MAX_SHRINK_ITERS": "0"}
    for name, value in {"LANDFALL_SEEDS": "100", "PROPTEST_CASES": "64", "LANDFALL_MUTATIONS": "30"}.items():
        environment.setdefault(name, value)
    try:
        skipped = [word for name in SKIPPED for word in ("--skip", name)]
        ran = run(executable, "--nocapture", *only, *skipped, cwd=TREE, env=environment, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return ["(no end)"], {}
    output = ran.stdout + ran.stderr
    failed = sorted(set(re.findall(r"^test (\S+) \.\.\. FAILED$", output, re.M)) | set(re.findall(r"^    (\S+::\S+|[a-z_]+)$", output, re.M)))
    seeds = dict(re.findall(r"^seed (\d+): (.*)$", output, re.M))
    return (failed if ran.returncode else []), seeds


def promise(wrong):
    """What was broken, without who broke it and where."""
    parts = [part for part in wrong.split(": ") if " " in part]
    return re.sub(r"[\w.-]+(/[\w.-]+)+", "…", parts[-1] if parts else wrong)


def row(bug, what, executables):
    # Whole runs first. What they catch is caught; the rest is for the tests of one thing each.
    failed, seeds = caught(executables["simulation"], bug, "whole_runs")
    failed = [] if seeds else failed
    for test in TESTS if not seeds or bug == "none" else []:
        more, _ = caught(executables[test], bug)
        failed += more
    properties = collections.Counter(promise(wrong) for wrong in seeds.values())
    by = "; ".join(name for name, _ in properties.most_common(2)) or "–"
    others = sorted({name.split("::")[-1] for name in failed})
    shown = ", ".join(f"`{name}`" for name in others[:2]) + (f" and {len(others) - 2} more" if len(others) > 2 else "")
    print(f"{bug}: {len(seeds)} seeds, {len(others)} other tests", file=sys.stderr, flush=True)
    return bool(seeds or failed), f"| {bug} | {what} | {len(seeds)} | {by} | {shown or '–'} |"


def main():
    names = [word for word in sys.argv[1:] if not word.startswith("--")]
    patches = sorted(ROOT.glob("tests/planted/*.patch"))
    kept = {test: str(ROOT / "target" / "planted-tests" / test) for test in TESTS}
    if "--again" in sys.argv:
        executables = kept
    else:
        copy()
        plant(patches)
        executables = build()
    bugs = {patch.stem.split("-", 1)[1]: patch.read_text().split("\n", 1)[0] for patch in patches[1:]}
    seeds = os.environ.get("LANDFALL_SEEDS", "100")
    lines = [f"| planted bug | what it does | seeds of {seeds} | by which property | where none, by which tests |", "|---|---|---|---|---|"]
    escaped = []
    if "--again" not in sys.argv and row("none", "Nothing.", executables)[0]:
        sys.exit("tests fail without any bug planted")
    for bug, what in bugs.items():
        if not names or bug in names:
            found, line = row(bug, what, executables)
            lines.append(line)
            escaped += [] if found else [bug]
    table = "\n".join(lines)
    print(table)
    if "--write" in sys.argv:
        page = ROOT / "docs" / "trust.md"
        before, rest = page.read_text().split(BEGIN)
        page.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.split(END)[1]}")
    if escaped:
        sys.exit(f"not caught: {', '.join(escaped)}")


main()
