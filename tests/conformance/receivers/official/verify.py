#!/usr/bin/env python3
"""Says of each captured request whether the official Standard Webhooks package verifies it.

Reads a line of JSON for each: its `secret`, `headers` and `body`. Prints `verified` or why not.
"""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            Webhook(request["secret"]).verify(request["body"], request["headers"])
        except WebhookVerificationError as error:
            print(f"not verified: {error}")
        else:
            print("verified")


if __name__ == "__main__":
    main()
