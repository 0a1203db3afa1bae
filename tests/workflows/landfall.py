#!/usr/bin/env python3
"""Stands before the real landfall on PATH: fails or is lost where the test wants it to, and otherwise is the real one, held to the session
policy that its job took on its role with.

Made by github.rs, which fills in the two names. What the workflows pack is this file, and so it is what their jobs run.
"""

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LANDFALL = "@LANDFALL@"
STAND_INS = "@STAND_INS@"
DENIED = b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>the session policy denies it</Message></Error></ErrorResponse>"


def wanted(file):
    try:
        with open(os.path.join(STAND_INS, file)) as found:
            return json.load(found)
    except FileNotFoundError:
        return None


def lose(arguments, environment):
    """As when a machine dies: killed right after the first thing that it made."""
    running = subprocess.Popen([LANDFALL, *arguments, "--verbose"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in running.stderr:
        if " ec2:Create" in line:
            running.kill()
            sys.exit("this job is lost because the test wants it to")
    sys.exit("this job was to be lost, and made nothing")


class Sts(BaseHTTPRequestHandler):
    """The way to the emulated STS, which itself knows no session policies: a role that the policy does not name can't be assumed."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = {name: values[0] for name, values in urllib.parse.parse_qs(body.decode()).items()}
        if asked["Action"].startswith("Assume") and asked.get("RoleArn") not in self.server.roles:
            return self.reply(403, DENIED)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length")}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.server.onward, body, headers)) as answer:
                self.reply(answer.status, answer.read())
        except urllib.error.HTTPError as answer:
            self.reply(answer.code, answer.read())

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "text/xml")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def held_to(policy):
    """The environment in which a session has this policy."""
    if not policy:
        return os.environ
    sts = ThreadingHTTPServer(("127.0.0.1", 0), Sts)
    sts.onward = os.environ["AWS_ENDPOINT_URL"]
    entering = [statement for statement in json.loads(policy)["Statement"] if statement.get("Action") == "sts:AssumeRole"]
    sts.roles = {role for statement in entering for role in statement["Resource"]}
    threading.Thread(target=sts.serve_forever, daemon=True).start()
    return {**os.environ, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.server_port}"}


def main(arguments):
    accounts = arguments[arguments.index("--account") + 1] if "--account" in arguments else ""
    is_job = arguments[:1] == ["apply"] and "--accounts-for" not in arguments
    if is_job and accounts == wanted("failing.json"):
        sys.exit("this account fails because the test wants it to")
    environment = held_to(os.environ.get("SESSION_POLICY"))
    if is_job and accounts == wanted("lost.json"):
        lose(arguments, environment)
    sys.exit(subprocess.run([LANDFALL, *arguments], env=environment).returncode)


main(sys.argv[1:])
