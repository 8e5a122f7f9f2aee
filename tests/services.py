"""Real services for tests, as processes of their own on loopback, ended when the test is done.

Not fakes: what speaks here speaks over a socket, and can be stopped in the middle of a sentence.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass, field

START_SECONDS_MAX = 60.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class ObjectStore:
    """A server that speaks S3; starts empty, forgets everything when it stops."""

    port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, bucket: str, prefix: str = "") -> str:
        """What open_blobs takes."""
        access = f"endpoint={self.endpoint}&region=us-east-1&key=test&secret=test"
        return f"s3://{bucket}/{prefix}?{access}"

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.running = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if self.running.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("moto_server did not start")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.running:
            self.running.kill()
            self.running.wait()
            self.running = None

    def make_bucket(self, name: str) -> None:
        request = urllib.request.Request(f"{self.endpoint}/{name}", method="PUT")
        # Any key is good for it, but one must be named, or it takes the caller for a browser.
        request.add_header(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, "
            "SignedHeaders=host, Signature=0",
        )
        with _direct().open(request, timeout=10):
            pass

    def _answers(self) -> bool:
        try:
            with _direct().open(f"{self.endpoint}/moto-api/data.json", timeout=1):
                return True
        except OSError:
            return False


@contextlib.contextmanager
def object_store() -> Generator[ObjectStore]:
    """A running S3 server."""
    server = ObjectStore()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _direct() -> urllib.request.OpenerDirector:
    """Loopback needs no proxy, whatever the environment names."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
