#!/usr/bin/env python3
"""GoValid's guide (000) in Python: the header signs the raw body; the body's own `signature` signs the rest of it."""

import hashlib
import hmac
import json
import os

from serving import Refused, serve


def verify_webhook(payload, signature, secret):
    digest = hmac.new(secret.encode("utf-8"), payload.encode("utf-8"), hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={digest}", signature)


def without_signature(payload):
    """The text without its last member, which is `signature`; nothing else of it is touched."""
    return payload[: payload.rindex(',"signature":')] + "}"


def receive(request):
    secret = os.environ["WEBHOOK_SECRET"]
    payload = request.body.decode()
    if not verify_webhook(payload, request.headers["X-GoValid-Signature"] or "", secret):
        raise Refused("X-GoValid-Signature is not that of the body")
    event = json.loads(payload)
    if not verify_webhook(without_signature(payload), event["signature"], secret):
        raise Refused("the body's signature is not that of the body without it")
    return {"verified": request.headers["X-GoValid-Event-Id"], "event": event["event"]}


if __name__ == "__main__":
    serve(receive)
