"""GET / lists the entries and counts the visit; POST / with {"author": …, "message": …} adds one."""
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis
from database import connect

cache = redis.Redis(host=os.environ["CACHE_HOST"])
database = connect()
lock = threading.Lock()


class Guestbook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        data = (json.dumps(body) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/health":
            return self.answer(200, {"status": "ok"})
        visits = cache.incr("visits")
        with lock, database.cursor() as cursor:
            cursor.execute("SELECT author, message FROM entries ORDER BY id DESC LIMIT 20")
            entries = [{"author": author, "message": message} for author, message in cursor]
        self.answer(200, {"visits": visits, "entries": entries})

    def do_POST(self):
        try:
            entry = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            author, message = str(entry["author"]), str(entry["message"])
        except (KeyError, TypeError, ValueError):
            return self.answer(400, {"error": 'send {"author": "...", "message": "..."}'})
        with lock, database.cursor() as cursor:
            cursor.execute("INSERT INTO entries (author, message) VALUES (%s, %s)", (author, message))
        self.answer(201, {"author": author, "message": message})


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("listening on port 8000")
ThreadingHTTPServer(("", 8000), Guestbook).serve_forever()
