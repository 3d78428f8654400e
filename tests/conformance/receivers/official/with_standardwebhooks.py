#!/usr/bin/env python3
"""The official Standard Webhooks package for Python. It knows the names `webhook-*`; `svix-*` ones differ in nothing else."""

import os

from serving import Refused, serve
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def receive(request):
    headers = {name.lower().replace("svix-", "webhook-"): value for name, value in request.headers.items()}
    try:
        Webhook(os.environ["WEBHOOK_SECRET"]).verify(request.body, headers)
    except WebhookVerificationError as error:
        raise Refused(str(error), status=400) from error
    return {"verified": headers["webhook-id"]}


if __name__ == "__main__":
    serve(receive)
