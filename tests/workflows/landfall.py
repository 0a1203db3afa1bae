#!/usr/bin/env python3
"""Stands before the real landfall on PATH: fails where the test wants it to, and otherwise is the real one.

Made by github.rs, which fills in the two names.
"""

import json
import os
import sys

LANDFALL = "@LANDFALL@"
STAND_INS = "@STAND_INS@"


def failing():
    try:
        with open(os.path.join(STAND_INS, "failing.json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def main(arguments):
    accounts = arguments[arguments.index("--account") + 1] if "--account" in arguments else ""
    if arguments[:1] == ["apply"] and accounts == failing():
        sys.exit("this account fails because the test wants it to")
    os.execv(LANDFALL, [LANDFALL, *arguments])


main(sys.argv[1:])
