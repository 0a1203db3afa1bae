#!/usr/bin/env python3
"""Stands before the real landfall on PATH: fails or is lost where the test wants it to, and otherwise is the real one.

Made by github.rs, which fills in the two names. What the workflows pack is this file, and so it is what their jobs run.
"""

import json
import os
import subprocess
import sys

LANDFALL = "@LANDFALL@"
STAND_INS = "@STAND_INS@"


def wanted(file):
    try:
        with open(os.path.join(STAND_INS, file)) as found:
            return json.load(found)
    except FileNotFoundError:
        return None


def lose(arguments):
    """As when a machine dies: killed right after the first thing that it made."""
    running = subprocess.Popen([LANDFALL, *arguments, "--verbose"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in running.stderr:
        if " ec2:Create" in line:
            running.kill()
            sys.exit("this job is lost because the test wants it to")
    sys.exit("this job was to be lost, and made nothing")


def main(arguments):
    accounts = arguments[arguments.index("--account") + 1] if "--account" in arguments else ""
    if arguments[:1] == ["apply"] and accounts == wanted("failing.json"):
        sys.exit("this account fails because the test wants it to")
    if arguments[:1] == ["apply"] and accounts == wanted("lost.json"):
        lose(arguments)
    os.execv(LANDFALL, [LANDFALL, *arguments])


main(sys.argv[1:])
