#!/usr/bin/env python3
"""vali-Das' guide (001): a URL that OAuth protects, and the token endpoint (RFC 6749, section 4.4) that lets the sender in.

The guide is silent on signatures; deliveries bear those of Standard Webhooks, which its package verifies.
"""

import base64
import json
import os
import secrets
from urllib.parse import parse_qs, unquote_plus

from serving import Refused, serve
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

LIFETIME = 3600

tokens = set()


def receive(request):
    return give_token(request) if request.path == "/oauth/token" else receive_event(request)


def give_token(request):
    scheme, _, credentials = (request.headers["Authorization"] or "").partition(" ")
    if scheme != "Basic":
        raise Refused("invalid_client")
    client = [unquote_plus(part) for part in base64.b64decode(credentials).decode().split(":", 1)]
    if client != [os.environ["OAUTH_CLIENT_ID"], os.environ["OAUTH_CLIENT_SECRET"]]:
        raise Refused("invalid_client")
    if parse_qs(request.body.decode()).get("grant_type") != ["client_credentials"]:
        raise Refused("unsupported_grant_type", status=400)
    token = secrets.token_urlsafe()
    tokens.add(token)
    return {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME}


def receive_event(request):
    scheme, _, token = (request.headers["Authorization"] or "").partition(" ")
    if scheme != "Bearer" or token not in tokens:
        raise Refused("no valid bearer token")
    try:
        Webhook(os.environ["WEBHOOK_SECRET"]).verify(request.body, dict(request.headers), json_parse=False)
    except WebhookVerificationError as error:
        raise Refused(str(error)) from error
    event = json.loads(request.body)
    return {"verified": event["id"], "event": event["type"]}


if __name__ == "__main__":
    serve(receive)
