#!/usr/bin/env python3
"""Tries every mutant that `cargo mutants` makes of the rooms that decide, and says which of them no test notices.

Building one after the other takes days. Here all of them are put into one build, asleep, and LANDFALL_MUTANT wakes one; what a mutant
leaves out or turns round stands beside what it was. Those that do not compile that way are dropped, and counted. Never touches the tree itself.

    tests/mutants/run.py [--again] [PATTERN...]

Needs `cargo install --locked cargo-mutants` and `pip install tree-sitter tree-sitter-rust`. PATTERN is a part of a mutant's name, as
`cargo mutants --list` prints it. --again takes what the last call built.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

import tree_sitter
import tree_sitter_rust


def skipping(names):
    return [word for name in names for word in ("--skip", name)]


ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / "target" / "mutants"
KEPT = ROOT / "target" / "mutants-tests"
ROOMS = ["plan", "render", "apply"]
TESTS = ["lib", "golden", "properties", "simulation"]
# The nearest and the fastest first: most mutants are noticed by the first of them. Then all the rest, but for what says of the harness that it
# works, and what takes long to say something of other rooms.
OURS = [f"{room}::" for room in ROOMS]
SLOW = ["large_plans", "one_dangerous_step", "killed_at_any_call"]
NEVER = ["the_storms_are_storms", "the_order_of_domains", "of_runs_that_race", "config::hostile", "simulated::", "no_request_is_larger"]
STAGES = [
    ["lib", *OURS],
    ["golden"],
    ["lib", *skipping(OURS)],
    ["simulation", *skipping(SLOW)],
    ["properties", *skipping(SLOW)],
    ["simulation", *SLOW],
    ["properties", *SLOW],
]
SETTINGS = {"LANDFALL_SEEDS": "20", "LANDFALL_SHRINK": "0", "RUST_BACKTRACE": "0", "PROPTEST_CASES": "64", "PROPTEST_MAX_SHRINK_ITERS": "0"}
# Of tests that go on for ever, or take all there is: many times what they need. Seconds of the processor, seconds by the clock, and bytes.
BUSY, PATIENCE, MOST = 40, 900, 6 << 30
# What the parser calls that of which a mutant is made.
NODES = {
    "BinaryOperator": ("binary_expression", "compound_assignment_expr"),
    "UnaryOperator": ("unary_expression",),
    "MatchArm": ("match_arm",),
    "StructField": ("field_initializer", "shorthand_field_initializer"),
}
EITHER_B = "crate::mutant::Either::B("
SWITCH = """//! Which mutant is awake.
pub fn on(number: usize) -> bool {
    static AWAKE: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *AWAKE.get_or_init(|| std::env::var("LANDFALL_MUTANT").ok().and_then(|word| word.parse().ok()).unwrap_or(usize::MAX)) == number
}
/// Of two iterators, one.
#[derive(Clone)]
pub enum Either<A, B> { A(A), B(B) }
impl<A: Iterator, B: Iterator<Item = A::Item>> Iterator for Either<A, B> {
    type Item = A::Item;
    fn next(&mut self) -> Option<A::Item> {
        match self { Either::A(one) => one.next(), Either::B(one) => one.next() }
    }
}
"""


def run(*command, **more):
    return subprocess.run(command, text=True, capture_output=True, **more)


def listed():
    rooms = [word for room in ROOMS for word in ("-f", f"src/{room}/**")]
    return json.loads(run("cargo", "mutants", "--list", "--json", *rooms, cwd=ROOT, check=True).stdout)


class Source:
    """One file, and what becomes of it."""

    def __init__(self, name):
        self.name, self.text = name, (ROOT / name).read_bytes()
        self.tree = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language())).parse(self.text)
        starts = [0] + [at + 1 for at, letter in enumerate(self.text) if letter == 10]
        self.offset = lambda at: starts[at["line"] - 1] + len(self.text[starts[at["line"] - 1] :].decode()[: at["column"] - 1].encode())
        # The nodes that are written anew, each with its mutants.
        self.changes = collections.defaultdict(list)
        # The arms that are left out, each with the match whose it is.
        self.arms = {}

    def add(self, number, mutant):
        """Whether there is a way to put it in."""
        start, end = self.offset(mutant["span"]["start"]), self.offset(mutant["span"]["end"])
        genre, replacement = mutant["genre"], mutant["replacement"]
        if genre == "FnValue":
            # The span is what is between the braces. What is returned opaquely has to be of one type.
            opaque = mutant["function"]["return_type"].startswith("-> impl ")
            self.changes[(start, end, "Opaque") if opaque else (start, start, genre)].append((number, replacement))
            return True
        if genre == "MatchArmGuard":
            self.changes[start, end, genre].append((number, replacement))
            return True
        is_whole = genre in ("MatchArm", "StructField")
        node = self.tree.root_node.descendant_for_byte_range(start, start + 1 if is_whole else end - 1)
        while node and node.type not in NODES[genre]:
            node = node.parent
        if node is None or (is_whole and node.start_byte != start):
            return False
        self.changes[node.start_byte, node.end_byte, genre].append((number, replacement, node))
        if genre == "MatchArm":
            self.arms[number] = node.parent.start_byte
        return True

    def written(self, dropped):
        """The file with all its mutants in it, and which bytes of it are which mutant's."""
        self.dropped, self.out, self.places = dropped, bytearray(), []
        # The outermost first; what is put before a body comes before what the body is.
        order = sorted(self.changes, key=lambda change: (change[0], change[2] != "FnValue", -change[1], change[2] != "Opaque"))
        self.emit(0, len(self.text), order)
        return bytes(self.out)

    def emit(self, start, end, order):
        at = start
        while order:
            first, *order = order
            inner = [other for other in order if other[0] < first[1]]
            order = order[len(inner) :]
            self.out += self.text[at : first[0]]
            mark, mutants = len(self.out), [one for one in self.changes[first] if one[0] not in self.dropped]
            self.change(first, mutants, inner)
            self.places += [(mark, len(self.out), {number for number, *_ in mutants})] if mutants else []
            at = first[1]
        self.out += self.text[at:end]

    def says(self, number, text):
        mark = len(self.out)
        self.out += text if isinstance(text, bytes) else text.encode()
        self.places.append((mark, len(self.out), {number}))

    def part(self, node, inner):
        self.emit(node.start_byte, node.end_byte, [one for one in inner if node.start_byte <= one[0] and one[1] <= node.end_byte])

    def change(self, change, mutants, inner):
        start, end, genre = change
        if mutants:
            getattr(self, genre)(start, end, mutants, inner)
        else:
            self.emit(start, end, inner)

    def original(self, node):
        return self.text[node.start_byte : node.end_byte]

    def instead(self, number, text):
        """What is there while the mutant is awake. It holds no other mutant: one is awake at a time."""
        self.says(number, b"if crate::mutant::on(%d) { %s } else " % (number, text))

    def FnValue(self, start, end, mutants, inner):
        for number, value in mutants:
            self.says(number, f"if crate::mutant::on({number}) {{ return{'' if value == '()' else ' ' + value}; }} ")

    def Opaque(self, start, end, mutants, inner):
        for at, (number, value) in enumerate(mutants):
            value = value.replace("Box::leak(", "&*Box::leak(")
            self.says(number, f"if crate::mutant::on({number}) {{ return {EITHER_B * at}crate::mutant::Either::A({value}){')' * at}; }} ")
        self.out += (EITHER_B * len(mutants) + "{ ").encode()
        self.emit(start, end, inner)
        self.out += b" }" + b")" * len(mutants)

    def MatchArmGuard(self, start, end, mutants, inner):
        awake = {value: f"crate::mutant::on({number})" for number, value in mutants}
        self.out += f"({awake.get('true', 'false')} || (!{awake.get('false', 'false')} && (".encode()
        self.emit(start, end, inner)
        self.out += b")))"

    def BinaryOperator(self, start, end, mutants, inner):
        left, right, operator = (mutants[0][2].child_by_field_name(name) for name in ("left", "right", "operator"))
        self.out += b"("
        for number, other, _ in mutants:
            self.instead(number, b"%s %s %s" % (self.original(left), other.encode(), self.original(right)))
        self.out += b"{ "
        self.part(left, inner)
        self.out += b" " + self.original(operator) + b" "
        self.part(right, inner)
        self.out += b" })"

    def UnaryOperator(self, start, end, mutants, inner):
        inside = mutants[0][2].named_children[-1]
        self.out += b"("
        for number, *_ in mutants:
            self.instead(number, self.original(inside))
        self.out += b"{ " + self.text[start : inside.start_byte]
        self.part(inside, inner)
        self.out += b" })"

    def MatchArm(self, start, end, mutants, inner):
        ((number, _, node),) = mutants
        pattern = node.child_by_field_name("pattern")
        guard = pattern.child_by_field_name("condition")
        rest = (guard or pattern).end_byte
        if guard is None:
            self.part(pattern, inner)
            self.says(number, f" if !crate::mutant::on({number})")
        else:
            brackets = ("", "") if b"let " in self.original(guard) else ("(", ")")
            self.emit(start, guard.start_byte, [one for one in inner if one[1] <= guard.start_byte])
            self.says(number, f"!crate::mutant::on({number}) && {brackets[0]}")
            self.part(guard, inner)
            self.out += brackets[1].encode()
        self.emit(rest, end, [one for one in inner if one[0] >= rest])

    def StructField(self, start, end, mutants, inner):
        ((number, _, node),) = mutants
        base = next(child for child in node.parent.children if child.type == "base_field_initializer")
        name = node.child_by_field_name("field") or node.named_children[0]
        kind = self.original(node.parent.parent.child_by_field_name("name"))
        self.out += self.original(name) + b": "
        self.instead(number, b"let base: %s = %s; base.%s" % (kind, self.original(base.named_children[0]), self.original(name)))
        self.out += b"{ "
        self.part(node.child_by_field_name("value") or name, inner)
        self.out += b" }"


def copy():
    shutil.rmtree(TREE, ignore_errors=True)
    files = run("git", "ls-files", "-z", cwd=ROOT, check=True).stdout.split("\0")
    for file in filter(None, files):
        (TREE / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, TREE / file)
    (TREE / "src/mutant.rs").write_text(SWITCH)
    lib = TREE / "src/lib.rs"
    lines = lib.read_text().split("\n")
    end = next(at for at, line in enumerate(lines) if not line.startswith("//!"))
    lib.write_text("\n".join(lines[:end] + ["#![allow(warnings)]", "pub mod mutant;"] + lines[end:]))


def build(mutants):
    """What the tests are called, and the mutants that do not compile."""
    sources, dropped = {}, set()
    for number, mutant in enumerate(mutants):
        source = sources.setdefault(mutant["file"], Source(mutant["file"]))
        dropped |= set() if source.add(number, mutant) else {number}
    copy()
    wanted = ["--lib"] + [word for test in TESTS[1:] for word in ("--test", test)]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}
    # Five minutes more for the build, and tests that take a tenth of their time. And under names of its own, which another profile gives:
    # cargo must not take what it finds there for the tree itself. Dependencies are shared.
    profile = [word for key in ("opt-level=2", "codegen-units=200") for word in ("--config", f"profile.dev.package.landfall.{key}")]
    while True:
        for source in sources.values():
            (TREE / source.name).write_bytes(source.written(dropped))
        command = ["cargo", "test", "--locked", *profile, *wanted, "--no-run", "--message-format=json"]
        built = run(*command, cwd=TREE, env=environment)
        told = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
        if built.returncode == 0:
            KEPT.mkdir(exist_ok=True)
            made = [one for one in told if one.get("executable")]
            names = {one["target"]["name"] if one["target"]["kind"] == ["test"] else "lib": one["executable"] for one in made if one["profile"]["test"]}
            (KEPT / "dropped.json").write_text(json.dumps(sorted(dropped)))
            for name in TESTS:
                shutil.copy2(names[name], KEPT / name)
            return dropped
        wrong = [one["message"] for one in told if one.get("reason") == "compiler-message" and one["message"]["level"] == "error"]
        broken = {number for message in wrong for number in blamed(message, sources)} - dropped
        print(f"{len(wrong)} errors; {len(broken)} mutants do not compile", file=sys.stderr, flush=True)
        if not broken:
            sys.exit("\n".join(message["rendered"] for message in wrong) or built.stderr)
        dropped |= broken


def blamed(message, sources):
    """The mutants to which an error points: those of the smallest change around it."""
    found = set()
    for span in [one for one in message["spans"] if one["is_primary"]] + [one for child in message["children"] for one in child["spans"]]:
        source = sources.get(span["file_name"])
        around = [place for place in (source.places if source else []) if place[0] <= span["byte_start"] and span["byte_end"] <= place[1]]
        if around:
            return min(around, key=lambda place: place[1] - place[0])[2]
        if source and (message["code"] or {}).get("code") == "E0004":
            # A match that needs each of its arms: the first arm after what is matched says which one.
            arms = [place for place in source.places if place[0] >= span["byte_end"] and place[2] <= source.arms.keys()]
            _, _, (first,) = min(arms, key=lambda place: place[0])
            return {number for number, match in source.arms.items() if match == source.arms[first]}
    return found


def bounded():
    resource.setrlimit(resource.RLIMIT_CPU, (BUSY, BUSY))
    resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST))


def noticed(number):
    """By which test, or nothing."""
    environment = {**os.environ, **SETTINGS, "LANDFALL_MUTANT": str(number), "CARGO_MANIFEST_DIR": str(TREE)}
    for name, *only in STAGES:
        command = [KEPT / name, "--test-threads=1", *only, *skipping(NEVER)]
        with tempfile.TemporaryFile("w+") as output:
            ran = subprocess.Popen(command, cwd=TREE, env=environment, text=True, stdout=subprocess.PIPE, stderr=output, preexec_fn=bounded)
            watch = concurrent.futures.ThreadPoolExecutor(1).submit(first_failed, ran)
            try:
                failed = watch.result(PATIENCE)
            except concurrent.futures.TimeoutError:
                failed = "(no end)"
            if failed:
                ran.kill()
            code = ran.wait()
        if failed:
            return f"{name} {failed}"
        if code:
            return f"{name} (died, or went on for ever)"
    return ""


def first_failed(ran):
    for line in ran.stdout:
        if found := re.match(r"^test (\S+)(?: - should panic)? \.\.\. FAILED$", line):
            return found[1]
    ran.wait()
    return ""


def main():
    mutants = listed()
    patterns = [word for word in sys.argv[1:] if not word.startswith("--")]
    dropped = set(json.loads((KEPT / "dropped.json").read_text())) if "--again" in sys.argv else build(mutants)
    if found := noticed(len(mutants)):
        sys.exit(f"a test fails with no mutant awake: {found}")
    awake = [n for n, one in enumerate(mutants) if n not in dropped and (not patterns or any(word in one["name"] for word in patterns))]
    print(f"{len(mutants)} mutants, {len(dropped)} do not compile, {len(awake)} to try", file=sys.stderr, flush=True)
    survivors = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tried = {pool.submit(noticed, number): number for number in awake}
        for done in concurrent.futures.as_completed(tried):
            number, found = tried[done], done.result()
            print(f"{number}\t{mutants[number]['name']}\t{found or 'NOT NOTICED'}", flush=True)
            survivors += [] if found else [number]
    print(f"{len(survivors)} of {len(awake)} are noticed by no test", file=sys.stderr)
    sys.exit(bool(survivors))


main()
