#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a thousand slow clients of the API do to others: a daemon sends at 10 requests a second while they dribble
bytes at it over TCP, and somebody asks for /healthz again and again. Prints how long he waits, and what the record
says of the pace. Usage: tests/bench/slow_connections.py [CONNECTIONS=1000] [SECONDS=20]"""
import json, pathlib, re, shutil, socket, subprocess, sys, tempfile, time

connections = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
sluice = str(pathlib.Path(__file__).resolve().parents[2] / "build/release/sluice")
folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-slow-"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(*words, out):
    return subprocess.Popen([sluice, *words], cwd=folder, stdout=open(folder / out, "w"), stderr=subprocess.STDOUT)


def cloud_url():
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", (folder / "cloud.log").read_text())):
        time.sleep(0.05)
    return found[0]


def ask_health(port):
    """One question on a connection of its own, as a load balancer asks. Absent: no answer came."""
    begin = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while piece := client.recv(4096):
                answer += piece
    except OSError:
        return None
    return time.monotonic() - begin if answer.startswith(b"HTTP/1.1 200") else None


def dribble(port, until):
    """Keeps so many connections open, each a byte a second of a request that never ends; asks beside it."""
    slow, waits, failed = [], [], 0
    next_byte = 0.0
    while time.monotonic() < until:
        while len(slow) < connections:
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            slow.append(client)
        if time.monotonic() >= next_byte:
            next_byte = time.monotonic() + 1
            kept = []
            for client in slow:
                try:
                    client.send(b"G")
                    kept.append(client)
                except BlockingIOError:
                    kept.append(client)
                except OSError:
                    client.close()  # dropped, so another takes its place
            slow = kept
        wait = ask_health(port)
        failed += wait is None
        if wait is not None:
            waits.append(wait)
        time.sleep(0.01)
    return sorted(waits), failed


key = folder / "key"
key.write_text("[default]\ntype = access_key\naccess_key_id = testid\naccess_key_secret = testsecret\n")
key.chmod(0o600)
(folder / "fleet.txt").write_text("".join(f"dev-{i:07}\n" for i in range(seconds * 1000 + 20000)))
(folder / "job.json").write_text(json.dumps(
    {"name": "slow", "stages": "none", "call": {"product_key": "a1B", "identifier": "Set"},
     "targets": {"devices_file": "fleet.txt"}}))
cloud = start("simulate", "--port", "0", out="cloud.log")
port = free_port()
(folder / "config.json").write_text(json.dumps(
    {"store": "s.db", "api": {"listen": [f"127.0.0.1:{port}"], "anonymous": "read"},
     "tenants": {"prod": {"endpoint": cloud_url(), "credentials_file": "key"}}}))
subprocess.run([sluice, "submit", "job.json", "--config", "config.json"], cwd=folder, check=True,
               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
daemon = start("serve", "--config", "config.json", out="daemon.log")
try:
    time.sleep(3)
    waits, failed = dribble(port, time.monotonic() + seconds)
    daemon.terminate()
    daemon.wait()
    at = lambda share: 1000 * waits[min(len(waits) - 1, int(share * len(waits)))]
    print(f"{connections} slow connections for {seconds} s; /healthz {len(waits)} times: "
          f"p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, longest {1000 * waits[-1]:.1f} ms; {failed} without an answer")
    subprocess.run([sluice, "verify-rate", "1", "--store", "s.db"], cwd=folder, check=True)
finally:
    daemon.kill()
    cloud.kill()
    shutil.rmtree(folder, ignore_errors=True)
