#!/usr/bin/env python3
"""Publishes events to Fanfare over gRPC and prints one JSON line for each answer.

The stubs are made from the protocol file when the program starts, as any publisher in Python would make them. Ends with
0 if every call was answered, whatever the answers say, and with 1 if a call failed; its status is then the last line.
"""

import argparse
import base64
import importlib
import json
import pathlib
import sys
import tempfile

import grpc
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[3] / "proto"
PUBLISHER = "fanfare/v1/publisher.proto"
BATCH_EVENTS = 1000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="host:port of the gRPC service")
    parser.add_argument("--key", required=True, help="API key")
    parser.add_argument("--tenant", default="", help="tenant; empty with a tenant's key")
    parser.add_argument("--count", type=int, default=1, help="how many events")
    parser.add_argument("--mode", choices=["unary", "batch", "stream"], default="unary")
    parser.add_argument("--type", default="order.paid", help="event type")
    parser.add_argument("--subject", default="", help="what the events are about")
    parser.add_argument("--id-prefix", default="", help="give event N the id PREFIX-N")
    parser.add_argument("--data", help="JSON text of every event; default: {\"number\": N}")
    parser.add_argument("--traceparent", help="W3C trace context to send along")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for a call")
    parser.add_argument("--proto", type=pathlib.Path, default=PROTO, help="folder with fanfare/v1/publisher.proto")
    return parser.parse_args()


def stubs(proto, folder):
    """Generates the stubs into `folder` and imports them."""
    import grpc_tools

    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    code = protoc.main(
        ["protoc", f"-I{proto}", f"-I{well_known}", f"--python_out={folder}", f"--grpc_python_out={folder}", PUBLISHER]
    )
    if code != 0:
        raise SystemExit(f"protoc failed with {code}")
    sys.path.insert(0, folder)
    return (
        importlib.import_module("fanfare.v1.publisher_pb2"),
        importlib.import_module("fanfare.v1.publisher_pb2_grpc"),
    )


def events(messages, given):
    for number in range(given.count):
        data = given.data if given.data is not None else json.dumps({"number": number})
        yield messages.PublishRequest(
            tenant=given.tenant,
            type=given.type,
            data=data.encode(),
            id=f"{given.id_prefix}-{number}" if given.id_prefix else "",
            subject=given.subject,
        )


def answers(publisher, messages, given):
    """Sends everything in the way that was asked for; yields each event's answer, in order."""
    metadata = [("authorization", f"Bearer {given.key}")]
    if given.traceparent:
        metadata.append(("traceparent", given.traceparent))
    options = {"metadata": metadata, "timeout": given.timeout}
    wanted = events(messages, given)
    if given.mode == "unary":
        for event in wanted:
            yield publisher.Publish(event, **options)
    elif given.mode == "stream":
        yield from publisher.PublishStream(wanted, **options)
    else:
        waiting = list(wanted)
        for start in range(0, len(waiting), BATCH_EVENTS):
            batch = messages.PublishBatchRequest(events=waiting[start : start + BATCH_EVENTS])
            yield from publisher.PublishBatch(batch, **options).results


def shown(answer):
    line = {"id": answer.id, "duplicate": answer.duplicate}
    if answer.HasField("error"):
        line["error"] = {"code": answer.error.code, "message": answer.error.message}
    return line


def failure(error):
    """A failed call's status, with its binary details in base64."""
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    return {
        "status": error.code().name,
        "message": error.details(),
        "details": base64.b64encode(details).decode(),
    }


def main():
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        messages, services = stubs(given.proto, folder)
        with grpc.insecure_channel(given.address) as channel:
            try:
                for answer in answers(services.PublisherStub(channel), messages, given):
                    print(json.dumps(shown(answer)), flush=True)
            except grpc.RpcError as error:
                print(json.dumps(failure(error)), flush=True)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
