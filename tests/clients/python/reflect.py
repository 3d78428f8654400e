#!/usr/bin/env python3
"""Publishes an event to Fanfare knowing nothing but its address: messages and methods come from server reflection.

Prints one line of JSON: the services that the server names, what its health service says, and the event's id.
"""

import argparse
import json
import time

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


class Server:
    """What a server says of itself, and calls made with that."""

    def __init__(self, channel):
        self.channel = channel
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def services(self):
        return sorted(self.database.get_services())

    def call(self, service, method, fields, metadata=()):
        found = self.pool.FindServiceByName(service).FindMethodByName(method)
        request, answer = (message_factory.GetMessageClass(kind) for kind in (found.input_type, found.output_type))
        call = self.channel.unary_unary(
            f"/{service}/{method}", request_serializer=request.SerializeToString, response_deserializer=answer.FromString
        )
        return call(request(**fields), metadata=metadata, timeout=10)

    def health(self, limit=5.0):
        """What the health service says, once it says SERVING or `limit` seconds are over: it follows readiness."""
        end = time.monotonic() + limit
        while True:
            answer = self.call("grpc.health.v1.Health", "Check", {"service": "fanfare.v1.Publisher"})
            names = answer.DESCRIPTOR.fields_by_name["status"].enum_type.values_by_number
            status = names[answer.status].name
            if status == "SERVING" or time.monotonic() > end:
                return status
            time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="host:port of the gRPC service")
    parser.add_argument("--key", required=True, help="API key")
    parser.add_argument("--tenant", required=True)
    given = parser.parse_args()
    with grpc.insecure_channel(given.address) as channel:
        server = Server(channel)
        services = server.services()
        health = server.health()
        event = {"tenant": given.tenant, "type": "order.paid", "data": b'{"order": 1}'}
        authorization = [("authorization", f"Bearer {given.key}")]
        answer = server.call("fanfare.v1.Publisher", "Publish", event, authorization)
    print(json.dumps({"services": services, "health": health, "id": answer.id}))


if __name__ == "__main__":
    main()
