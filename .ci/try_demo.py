"""Type ``make demo`` as a newcomer does, open the address that it prints, and stop it."""

# ruff: noqa: T201 - it talks to whoever runs it

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
START_LIMIT_S = 600
STOP_LIMIT_S = 20


def free_port():
    """Find a port that nobody listens on."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def read_address(process, found):
    """Pass on what the command says; note the first address in it."""
    for line in process.stdout:
        print(line, end="", flush=True)
        address = re.search(r"http://127\.0\.0\.1:\d+", line)
        if address and not found:
            found.append(address[0])


def open_page(address):
    """Ask for the first page until the server answers; give its text."""
    last = time.monotonic() + START_LIMIT_S / 10
    while True:
        try:
            with urlopen(address, timeout=10) as answer:
                return answer.read().decode("utf-8")
        except OSError:
            if time.monotonic() > last:
                raise
            time.sleep(0.2)


def main():
    """Run the first command to the page it serves; 1 when there is no page."""
    began = time.monotonic()
    command = ["make", "demo", f"PORT={free_port()}"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    found = []
    reader = threading.Thread(target=read_address, args=(process, found), daemon=True)
    reader.start()
    try:
        while not found and process.poll() is None and time.monotonic() - began < START_LIMIT_S:
            time.sleep(0.1)
        if not found:
            print("make demo printed no address", file=sys.stderr)
            return 1
        page = open_page(found[0])
        waited = time.monotonic() - began
        print(f"{found[0]} answers with a page of {len(page)} characters, {waited:.0f} s after make demo")
        return 0 if "<html" in page.lower() else 1
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        reader.join(STOP_LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
