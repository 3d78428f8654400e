#!/usr/bin/env python3
"""A receiver that verifies what it gets with the official Standard Webhooks package.

Prints its URL, reads its secret as a line from standard input, and then prints `verified ID TYPE` for each event that it
could verify, which it answers with 204, or why it could not, which it answers with 400.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = Webhook(self.server.secret).verify(body.decode(), dict(self.headers))
            said = f"verified {self.headers['webhook-id']} {event['type']}"
            self.send_response(204)
        except WebhookVerificationError as error:
            said = f"not verified: {error}"
            self.send_response(400)
            self.send_header("Content-Length", "0")
        self.end_headers()
        print(said, flush=True)

    def log_message(self, *_):
        pass


def main():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.secret = sys.stdin.readline().strip()
        server.serve_forever()


if __name__ == "__main__":
    main()
