"""How the suite runs a handler of requests: on a free port, told what it has to know through standard input.

`serve` prints the address. Each line `NAME=value` on standard input sets an environment variable, since a webhook's
secret may be made only once its URL is known; `set NAME` is printed when that is done. Ends with its input.
"""

import json
import os
import sys
import threading
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """A POST: its path, its headers, found in whatever case, and the bytes of its body."""

    path: str
    headers: Message
    body: bytes


class Refused(Exception):
    """Why a request is answered with 4xx."""

    def __init__(self, why: str, status: int = 401):
        super().__init__(why)
        self.status = status


def serve(receive):
    """Answers each request with what `receive` makes of it, as JSON, until standard input ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                status, answer = 200, receive(Request(self.path, self.headers, body))
            except Refused as refused:
                status, answer = refused.status, {"error": str(refused)}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        for line in sys.stdin:
            name, _, value = line.rstrip("\n").partition("=")
            os.environ[name] = value
            print(f"set {name}", flush=True)
