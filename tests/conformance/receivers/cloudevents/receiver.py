#!/usr/bin/env python3
"""The profile `cloudevents`: the official SDK reads and validates the event, the Standard Webhooks package its signature."""

import os

from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from serving import Refused, serve
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def receive(request):
    headers = dict(request.headers)
    if request.headers.get_content_type() != JSONFormat.CONTENT_TYPE:
        raise Refused("not a structured CloudEvent in JSON", status=415)
    try:
        Webhook(os.environ["WEBHOOK_SECRET"]).verify(request.body, headers, json_parse=False)
        event = from_structured(HTTPMessage(headers, request.body), JSONFormat(), CloudEvent)
    except (WebhookVerificationError, CloudEventValidationError) as error:
        raise Refused(str(error), status=400) from error
    return {"verified": event.get_id(), "event": event.get_type(), "source": event.get_source()}


if __name__ == "__main__":
    serve(receive)
