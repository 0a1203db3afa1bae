"""The canary: tells whether what runs in one zone of an account reaches what it needs, and what is most likely in its way.

One function a zone, in that zone's private subnet, so that its answers are about that zone's NAT gateway. Standard library, and boto3 for
the one call home. It changes nothing, and sends nothing but its verdict.

A network that is broken keeps its own report from leaving. So the verdict goes four ways: printed as a metric, which Lambda's own
log service carries outside of the VPC; returned to whoever invoked it, such as `landfall health`; as the state of the alarms on the
metric; and, where the network lets it, as an event on the organization's bus.
"""

import concurrent.futures
import json
import os
import socket
import ssl
import time

FORMAT = 1
# Seconds. Within a Region an answer takes milliseconds; three are patient, and all probes together stay far below the function's time-out.
PATIENCE = 3.0
HTTPS = 443
# The ways in which a probe fails, from the bottom of the network to its top.
UNRESOLVED, SILENT, REFUSED, DISTRUSTED, LOST = "unresolved", "silent", "refused", "distrusted", "lost"


def handler(event, context):
    """What Lambda calls, on a schedule or by `landfall health`; the event decides nothing."""
    settings = Settings(os.environ)
    verdict = judge(settings, look(settings))
    print(json.dumps(metric(verdict, time.time())))
    verdict["reported"] = report(settings, verdict, events)
    return verdict


class Settings:
    def __init__(self, environment):
        self.account = environment.get("LANDFALL_ACCOUNT", "unknown")
        self.zone = environment.get("LANDFALL_ZONE", "unknown")
        self.bus = environment.get("LANDFALL_BUS")
        self.region = environment.get("AWS_REGION", "us-east-1")
        self.outside = place(environment.get("LANDFALL_PROBE", "checkip.amazonaws.com"))
        services = environment.get("LANDFALL_SERVICES", "").split()
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        self.services = {service: (f"{service}.{self.region}.{suffix}", HTTPS) for service in services}


def place(text):
    host, _, port = text.partition(":")
    return host, int(port) if port.isdigit() else HTTPS


def look(settings, probe=None):
    """All probes at once: by name, None or how it failed and the words for it."""
    probe = probe or reach
    places = {"egress": settings.outside, **{f"endpoint {name}": at for name, at in settings.services.items()}}
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(places)) as threads:
        return dict(zip(places, threads.map(lambda at: probe(*at), places.values())))


def reach(host, port, patience=PATIENCE, trust=None):
    """Resolves a host, connects, and shakes hands over TLS."""
    addresses = resolve(host, port, patience)
    if isinstance(addresses, str):
        return UNRESOLVED, addresses
    try:
        with socket.create_connection(addresses[0][4][:2], timeout=patience) as plain:
            with (trust or ssl.create_default_context()).wrap_socket(plain, server_hostname=host):
                return None
    except ssl.SSLError as error:
        return DISTRUSTED, f"{host}:{port} is not who it says: {error.reason or error}"
    except TimeoutError:
        return SILENT, f"no answer from {host}:{port} within {patience:g} s"
    except ConnectionRefusedError:
        return REFUSED, f"{host}:{port} refuses connections"
    except OSError as error:
        return LOST, f"{host}:{port}: {error.strerror or error}"


def resolve(host, port, patience):
    """The addresses of a host, or why there are none. The system's own resolver has no time-out that could be set."""
    thread = concurrent.futures.ThreadPoolExecutor(max_workers=1)
    try:
        found = thread.submit(socket.getaddrinfo, host, port, socket.AF_INET, socket.SOCK_STREAM).result(timeout=patience)
        return found or f"{host} has no address"
    except concurrent.futures.TimeoutError:
        return f"no answer about {host} within {patience:g} s"
    except (socket.gaierror, UnicodeError) as error:
        return f"{host} is not known: {error}"
    finally:
        thread.shutdown(wait=False)


def judge(settings, seen):
    """From what was seen to a verdict, and by elimination to what is most likely missing."""
    failed = {name: failure for name, failure in seen.items() if failure}
    return {
        "format": FORMAT,
        "verdict": "red" if failed else "green",
        "account": settings.account,
        "zone": settings.zone,
        "checks": [{"check": name, "ok": not failure, "why": failure[1] if failure else ""} for name, failure in seen.items()],
        "suspects": suspects(seen, failed),
    }


def suspects(seen, failed):
    """The elements that would explain all that failed and nothing that worked, the likeliest first."""
    ways = {failure[0] for failure in failed.values()}
    if not failed:
        return []
    if ways == {UNRESOLVED} and len(failed) == len(seen):
        return ["dns"]
    egress = failed.get("egress")
    if egress and len(failed) == len(seen):
        # Nothing leaves, be it for the internet or for AWS.
        return ["nat-gateway", "route", "internet-gateway", "security-group"]
    if egress and egress[0] in (SILENT, LOST):
        # What has an endpoint in the VPC is reached, what has to go through the NAT is not.
        return ["nat-gateway", "route", "internet-gateway"]
    endpoints = [f"endpoint {name}" for name in endpoint_names(failed)]
    return endpoints + (["probe"] if egress else [])


def endpoint_names(failed):
    return [name.removeprefix("endpoint ") for name in failed if name.startswith("endpoint ")]


def metric(verdict, now):
    """The verdict as CloudWatch's embedded metric format: a line of the log that becomes a metric, without a call."""
    about = {"Namespace": "Landfall/Canary", "Dimensions": [["Zone"]], "Metrics": [{"Name": "Red", "Unit": "Count"}]}
    return {
        "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [about]},
        "Zone": verdict["zone"],
        "Red": 1 if verdict["verdict"] == "red" else 0,
        "Verdict": verdict,
    }


def report(settings, verdict, client):
    """Puts the verdict on the organization's bus. That it can't is no verdict of its own: the metric tells the same."""
    if not settings.bus:
        return False
    entry = {"Source": "landfall.canary", "DetailType": "Canary Verdict", "EventBusName": settings.bus, "Detail": json.dumps(verdict)}
    try:
        return client(settings.region).put_events(Entries=[entry])["FailedEntryCount"] == 0
    except Exception as error:  # boto3's errors have no one ancestor, and none may cost us the verdict
        print(json.dumps({"not_reported": f"{type(error).__name__}: {error}"}))
        return False


def events(region):
    import boto3
    from botocore.config import Config

    patient = Config(connect_timeout=PATIENCE, read_timeout=PATIENCE, retries={"total_max_attempts": 1})
    return boto3.client("events", region_name=region, config=patient)
