#!/usr/bin/env python3
"""QR3's guide (003) in Python: the header signs the raw body."""

import hashlib
import hmac
import json
import os

from serving import Refused, serve


def verify_signature(payload: str, signature: str, secret: str) -> bool:
    expected = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature.removeprefix("sha256="))


def receive(request):
    signature = request.headers["X-QR3-Signature"] or ""
    if not verify_signature(request.body.decode(), signature, os.environ["WEBHOOK_SECRET"]):
        raise Refused("invalid X-QR3-Signature")
    event = json.loads(request.body)
    return {"verified": event["id"], "event": event["type"]}


if __name__ == "__main__":
    serve(receive)
