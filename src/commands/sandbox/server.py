"""The emulated AWS of `landfall sandbox`: moto, on loopback, with a name tag and an off switch.

    python -I server.py --run DIR --version TEXT [--port N] [--tethered]

Writes RUN/state.json, which only its owner can read, as soon as it can be reached. It must never listen elsewhere than on
loopback, and never reach out to real AWS. How moto builds its application is no public interface of it: its version is pinned.
"""

import argparse
import json
import os
import secrets
import sys
import threading

LOOPBACK = "127.0.0.1"
# The first choice, so that an AWS_ENDPOINT_URL exported yesterday still holds today; any free port when it is taken.
USUAL_PORT = 5577


def main():
    args = arguments()
    environment(args.run)
    # Python runs isolated, so that nothing of the caller's is loaded; our own files have to be named.
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

    import services

    services.register()

    token = secrets.token_hex(16)
    switch = threading.Event()
    application = tagged(mounted(DomainDispatcherApplication(create_backend_app), services.MOUNTS), token, switch)
    server = bound(application, args.port, MotoRequestHandler)
    if args.tethered:
        threading.Thread(target=until_end_of_input, args=(switch,), daemon=True).start()
    threading.Thread(target=stop_on, args=(switch, server), daemon=True).start()
    state = {"pid": os.getpid(), "port": server.server_port, "version": args.version, "token": token}
    publish(os.path.join(args.run, "state.json"), state)
    server.serve_forever()


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--tethered", action="store_true", help="end with standard input")
    return parser.parse_args()


def environment(run):
    """What moto reads from the environment: nothing of the caller's, so that every sandbox is the same."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_"))]:
        del os.environ[name]
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    os.environ["MOTO_RECORDER_FILEPATH"] = os.path.join(run, "recording.jsonl")


def mounted(application, mounts):
    """Moto's application, and below their paths the services that are not AWS."""

    def serve(request, start_response):
        first, _, rest = request.get("PATH_INFO", "").lstrip("/").partition("/")
        if first in mounts:
            return mounts[first]({**request, "PATH_INFO": "/" + rest, "SCRIPT_NAME": "/" + first}, start_response)
        return application(request, start_response)

    return serve


def tagged(application, token, switch):
    """Moto's application, and two paths of ours: who answers here, and stop."""

    def serve(request, start_response):
        path = request.get("PATH_INFO", "")
        if path == f"/landfall/{token}":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"landfall sandbox"]
        if path == f"/landfall/{token}/stop" and request.get("REQUEST_METHOD") == "POST":
            switch.set()
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"stopping"]
        return application(request, start_response)

    return serve


def bound(application, port, handler):
    """A server that listens already: no other program can take the port between our choice and our use of it."""
    from werkzeug.serving import make_server

    # Werkzeug asks for a port by exiting the program when it is taken.
    for choice in [port] if port is not None else [USUAL_PORT, 0]:
        try:
            return make_server(LOOPBACK, choice, application, threaded=True, request_handler=handler)
        except SystemExit:
            continue
    sys.exit(f"port {port} is taken")


def until_end_of_input(switch):
    sys.stdin.read()
    switch.set()


def stop_on(switch, server):
    switch.wait()
    server.shutdown()


def publish(path, state):
    """All of the file or nothing, and for the owner's eyes only: whoever knows the token can stop the server."""
    draft = f"{path}.{os.getpid()}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(state, file)
    os.replace(draft, path)


main()
