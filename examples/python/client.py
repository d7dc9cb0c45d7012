"""A small client of Yuqiao 育桥 in Python: push a check-up, watch a facility's alerts, be refused.

    pip install grpcio grpcio-tools
    python client.py push < checkup.json      # one PushRequest as proto3 JSON; prints the verdict
    python client.py watch --count 1          # prints inbox events as JSON, one a line
    python client.py refused                  # calls without a certificate; succeeds if refused

Where to and who calls comes from the environment; `yuqiao enroll` writes the files:

    YUQIAO_ENDPOINT   host:port of the gateway
    YUQIAO_CA         ca.pem, the authorities to believe
    YUQIAO_CERT       client.pem, the organization's certificate
    YUQIAO_KEY        client.key, its key
    YUQIAO_ACTOR      id of the approved actor on whose behalf it calls
    YUQIAO_REGION     six digits, e.g. 150627
"""

import argparse
import importlib
import os
import pathlib
import sys
import tempfile

import grpc
from google.protobuf import json_format
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
# The gateway probes a silent line; a watch must not die of being quiet.
OPTIONS = [("grpc.keepalive_time_ms", 30_000)]
PATIENCE_SECONDS = 60


def stubs():
    """Generates the client from proto/ and imports it; nothing generated is kept."""
    with tempfile.TemporaryDirectory() as out:
        files = [str(path) for path in sorted((PROTO / "yuqiao" / "v1").glob("*.proto"))]
        include = [f"-I{PROTO}", f"-I{importlib.import_module('grpc_tools').__path__[0]}/_proto"]
        if protoc.main(["protoc", *include, f"--python_out={out}", f"--grpc_python_out={out}", *files]):
            sys.exit("the proto files could not be compiled")
        sys.path.insert(0, out)
        names = ("exchange_pb2", "exchange_pb2_grpc", "alert_pb2", "alert_pb2_grpc")
        return {name: importlib.import_module(f"yuqiao.v1.{name}") for name in names}


def read(variable):
    return pathlib.Path(os.environ[variable]).read_bytes()


def channel(certificate=True):
    """A channel over mutual TLS, or without a certificate of one's own."""
    mine = (read("YUQIAO_KEY"), read("YUQIAO_CERT")) if certificate else (None, None)
    credentials = grpc.ssl_channel_credentials(read("YUQIAO_CA"), *mine)
    return grpc.secure_channel(os.environ["YUQIAO_ENDPOINT"], credentials, OPTIONS)


def actor():
    """The person or system account behind the call: every call names one."""
    return (("yuqiao-actor", os.environ["YUQIAO_ACTOR"]),)


def region():
    return f"regions/{os.environ['YUQIAO_REGION']}"


def push(generated, _):
    request = generated["exchange_pb2"].PushRequest()
    json_format.Parse(sys.stdin.read(), request)
    request.parent = request.parent or region()
    if not request.idempotency_key:
        check_up = request.check_up
        request.idempotency_key = f"{check_up.record_id}@{check_up.revision}"
    service = generated["exchange_pb2_grpc"].ExchangeServiceStub(channel())
    show(service.PushOne(request, metadata=actor(), timeout=PATIENCE_SECONDS))


def watch(generated, arguments):
    request = generated["alert_pb2"].WatchAlertsRequest(
        parent=arguments.facility, after=arguments.after
    )
    service = generated["alert_pb2_grpc"].AlertServiceStub(channel())
    events = service.WatchAlerts(request, metadata=actor(), timeout=PATIENCE_SECONDS)
    for count, event in enumerate(events, start=1):
        show(event)
        if count == arguments.count:
            events.cancel()
            return


def refused(generated, _):
    # With the certificate the gateway is there: what follows is a refusal, not a broken line.
    grpc.channel_ready_future(channel()).result(timeout=PATIENCE_SECONDS)
    request = generated["exchange_pb2"].ListCheckUpsRequest(parent=region())
    service = generated["exchange_pb2_grpc"].ExchangeServiceStub(channel(certificate=False))
    try:
        service.ListCheckUps(request, metadata=actor(), timeout=PATIENCE_SECONDS)
    except grpc.RpcError as error:
        # Refused in the handshake, or by the first method that asks who calls.
        if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED):
            print(error.code().name)
            return
        raise
    sys.exit("a caller without a certificate was answered")


def show(message):
    print(json_format.MessageToJson(message, indent=None, ensure_ascii=False), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(required=True)
    verbs.add_parser("push").set_defaults(run=push)
    verbs.add_parser("refused").set_defaults(run=refused)
    watching = verbs.add_parser("watch")
    watching.add_argument("--facility", required=True, help="regions/…/organizations/…")
    watching.add_argument("--after", type=int, default=0, help="the last number one has")
    watching.add_argument("--count", type=int, default=0, help="end after so many events")
    watching.set_defaults(run=watch)
    arguments = parser.parse_args()
    arguments.run(stubs(), arguments)


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
