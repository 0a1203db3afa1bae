"""The canary's handler as it stands, on real sockets of this machine: every way in which a network fails it, and what it makes of that.

    python3 -m unittest discover --start-directory tests/canary

No AWS and no boto3: the client that reports is handed in.
"""

import contextlib
import importlib.util
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

SOURCE = pathlib.Path(__file__).parents[2] / "modules" / "canary" / "handler.py"
SPEC = importlib.util.spec_from_file_location("handler", SOURCE)
handler = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(handler)

# Seconds: long enough for loopback, short enough to wait for.
SHORT = 0.5


def settings(**more):
    environment = {"LANDFALL_ACCOUNT": "payments/prod", "LANDFALL_ZONE": "a", "LANDFALL_SERVICES": "sts s3", "AWS_REGION": "eu-west-1"}
    return handler.Settings({**environment, **more})


class Answers:
    """A server on loopback, with TLS when it has a certificate."""

    def __init__(self, certificate=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.held = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self.listener.accept()
                self.held.append(plain)
                if self.tls:
                    with contextlib.suppress(OSError):
                        self.held.append(self.tls.wrap_socket(plain, server_side=True))

    def close(self):
        for open_one in [self.listener, *self.held]:
            open_one.close()


class Reaching(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def certificate(self):
        path = pathlib.Path(self.folder.name, "localhost.pem")
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
        command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", path, "-out", f"{path}.crt"]
        subprocess.run(command, check=True, capture_output=True)
        path.write_text(path.read_text() + pathlib.Path(f"{path}.crt").read_text())
        return path

    def server(self, certificate=None):
        server = Answers(certificate)
        self.addCleanup(server.close)
        return server.port

    def test_a_host_that_shakes_hands_is_reached(self):
        certificate = self.certificate()
        trust = ssl.create_default_context(cafile=certificate)
        self.assertIsNone(handler.reach("localhost", self.server(certificate), SHORT, trust))

    def test_a_certificate_that_nobody_vouches_for_is_distrusted(self):
        way, why = handler.reach("localhost", self.server(self.certificate()), SHORT)
        self.assertEqual(way, handler.DISTRUSTED)
        self.assertIn("is not who it says", why)

    def test_a_closed_port_is_refused_and_not_silent(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.assertEqual(handler.reach("localhost", port, SHORT), (handler.REFUSED, f"localhost:{port} refuses connections"))

    def test_silence_ends_with_our_patience(self):
        start = time.monotonic()
        way, why = handler.reach("localhost", self.server(), SHORT)
        self.assertEqual((way, why.split(" within")[1]), (handler.SILENT, " 0.5 s"))
        self.assertLess(time.monotonic() - start, 4 * SHORT)

    def test_a_name_that_nobody_knows_is_unresolved(self):
        way, why = handler.reach("nowhere.invalid", 443, 5)
        self.assertEqual(way, handler.UNRESOLVED)
        self.assertIn("nowhere.invalid", why)

    def test_a_resolver_that_never_answers_is_not_waited_for(self):
        real, socket.getaddrinfo = socket.getaddrinfo, lambda *_: time.sleep(2)
        self.addCleanup(setattr, socket, "getaddrinfo", real)
        start = time.monotonic()
        self.assertEqual(handler.reach("localhost", 443, 0.1)[0], handler.UNRESOLVED)
        self.assertLess(time.monotonic() - start, 1)


class Judging(unittest.TestCase):
    SILENT = (handler.SILENT, "no answer")

    def verdict(self, **failures):
        seen = {"egress": None, "endpoint sts": None, "endpoint s3": None}
        return handler.judge(settings(), {**seen, **{name.replace("_", " "): failure for name, failure in failures.items()}})

    def test_all_is_well(self):
        verdict = self.verdict()
        self.assertEqual((verdict["verdict"], verdict["suspects"], verdict["account"], verdict["zone"]), ("green", [], "payments/prod", "a"))

    def test_nothing_leaves(self):
        verdict = self.verdict(egress=self.SILENT, endpoint_sts=self.SILENT, endpoint_s3=self.SILENT)
        self.assertEqual(verdict["verdict"], "red")
        self.assertEqual(verdict["suspects"], ["nat-gateway", "route", "internet-gateway", "security-group"])

    def test_endpoints_in_the_vpc_are_reached_and_the_internet_is_not(self):
        self.assertEqual(self.verdict(egress=self.SILENT, endpoint_sts=self.SILENT)["suspects"], ["nat-gateway", "route", "internet-gateway"])

    def test_one_endpoint_is_missing(self):
        self.assertEqual(self.verdict(endpoint_s3=self.SILENT)["suspects"], ["endpoint s3"])

    def test_the_host_outside_is_down_by_itself(self):
        self.assertEqual(self.verdict(egress=(handler.REFUSED, "no"))["suspects"], ["probe"])

    def test_no_name_is_resolved(self):
        lost = (handler.UNRESOLVED, "no answer")
        self.assertEqual(self.verdict(egress=lost, endpoint_sts=lost, endpoint_s3=lost)["suspects"], ["dns"])


class Telling(unittest.TestCase):
    def test_each_place_is_tried_once(self):
        tried = []
        seen = handler.look(settings(LANDFALL_PROBE="example.org:8443"), lambda host, port: tried.append((host, port)))
        self.assertEqual(sorted(tried), [("example.org", 8443), ("s3.eu-west-1.amazonaws.com", 443), ("sts.eu-west-1.amazonaws.com", 443)])
        self.assertEqual(seen, {"egress": None, "endpoint sts": None, "endpoint s3": None})

    def test_the_metric_is_in_the_embedded_format(self):
        line = handler.metric({"verdict": "red", "zone": "a"}, 1.5)
        about = line["_aws"]["CloudWatchMetrics"][0]
        self.assertEqual((line["_aws"]["Timestamp"], about["Namespace"], about["Dimensions"]), (1500, "Landfall/Canary", [["Zone"]]))
        self.assertEqual((line["Zone"], line["Red"]), ("a", 1))
        self.assertEqual(handler.metric({"verdict": "green", "zone": "a"}, 0)["Red"], 0)

    def test_the_verdict_goes_home_where_there_is_one(self):
        sent = []

        class Client:
            def put_events(self, Entries):
                sent.extend(Entries)
                return {"FailedEntryCount": 0}

        bus = "arn:aws:events:eu-west-1:1:event-bus/landfall-reports"
        self.assertTrue(handler.report(settings(LANDFALL_BUS=bus), {"verdict": "red"}, lambda region: Client()))
        self.assertEqual((sent[0]["EventBusName"], json.loads(sent[0]["Detail"])), (bus, {"verdict": "red"}))
        self.assertFalse(handler.report(settings(), {}, lambda region: Client()))

    def test_a_report_that_can_not_leave_costs_no_verdict(self):
        def broken(region):
            raise OSError("no route")

        with contextlib.redirect_stdout(None):
            self.assertFalse(handler.report(settings(LANDFALL_BUS="arn"), {}, broken))


if __name__ == "__main__":
    unittest.main()
