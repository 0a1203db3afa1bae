#!/usr/bin/env python3
"""Stands before the real landfall on PATH: fails where the test wants it to, and otherwise is the real one.

`comment` and `approval` are stood in for: they keep, in files, what GitHub would. Made by github.rs, which fills in the two names.
"""

import json
import os
import subprocess
import sys

LANDFALL = "@LANDFALL@"
STAND_INS = "@STAND_INS@"


def kept(name):
    try:
        with open(os.path.join(STAND_INS, name)) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def option(arguments, name):
    return arguments[arguments.index(name) + 1] if name in arguments else None


def comment(arguments):
    with open(os.environ["GITHUB_EVENT_PATH"]) as file:
        pull = json.load(file)["pull_request"]
    failed = option(arguments, "--failed")
    with open(failed or arguments[0]) as file:
        plan = None if failed else json.load(file)["digest"]
    assert os.environ["GITHUB_TOKEN"], "commenting takes a token"
    written = {"plan": plan, "run": os.environ["GITHUB_RUN_ID"], "commit": pull["head"]["sha"]}
    with open(os.path.join(STAND_INS, "comment.json"), "w") as file:
        json.dump(written, file)


def approval(arguments):
    assert os.environ["GITHUB_TOKEN"], "reading reviews takes a token"
    found, merged = kept("comment.json"), kept("merged.json")
    if found is None or merged != option(arguments, "--commit"):
        sys.exit("no pull request made this commit")
    count = kept("approvals.json") or 0
    print(f"pull_request=7\nrun={found['run']}\nplan={found['plan']}\ncommit={found['commit']}\napprovals={count}")
    plan = option(arguments, "--plan")
    if plan is None:
        return
    with open(plan) as file:
        same = json.load(file)["digest"] == found["plan"]
    if not same or count < 1:
        print(f"missing: {'an approval' if same else 'the plan that was reviewed'}", file=sys.stderr)
        sys.exit(2)


def older(arguments):
    """The same for a landfall that can't apply by wave yet, nor print Markdown."""
    if "--reviewed" in subprocess.run([LANDFALL, "apply", "--help"], capture_output=True, text=True, check=True).stdout:
        return arguments
    if arguments[0] == "apply":
        accounts = option(arguments, "--account").split(",")
        return [*arguments[:2], *(word for account in accounts for word in ("--account", account))]
    return ["text" if word == "markdown" else word for word in arguments]


def main(arguments):
    if arguments[:1] == ["comment"]:
        return comment(arguments[1:])
    if arguments[:1] == ["approval"]:
        return approval(arguments[1:])
    if arguments[:1] == ["apply"] and option(arguments, "--account") == kept("failing.json"):
        sys.exit("this account fails because the test wants it to")
    os.execv(LANDFALL, [LANDFALL, *older(arguments)])


main(sys.argv[1:])
