#!/usr/bin/env python3
"""The official Svix package for Python."""

import os

from serving import Refused, serve
from svix.webhooks import Webhook, WebhookVerificationError


def receive(request):
    try:
        Webhook(os.environ["WEBHOOK_SECRET"]).verify(request.body, dict(request.headers))
    except WebhookVerificationError as error:
        raise Refused(str(error), status=400) from error
    return {"verified": request.headers["Svix-Id"] or request.headers["Webhook-Id"]}


if __name__ == "__main__":
    serve(receive)
