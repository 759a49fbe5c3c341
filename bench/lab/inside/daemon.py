"""What adoptd costs the node. Runs in a host of the lab; bench/lab/results drives it.

    daemon.py ready                   starts adoptd, which must not run, and tells the ms from its exec to its answer
    daemon.py memory                  tells its memory in KiB
    daemon.py wakeups SECONDS         watches it for so long and tells how often its threads were given a CPU

Each prints lines of a name and a value, divided by a tab.
"""
import os
import socket
import struct
import subprocess
import sys
import time

SOCKET = "/run/adoptd/gateway.sock"
PID_FILE = "/run/lab/adoptd.pid"                     # lab-service writes it just before the exec
HEADER = struct.Struct(">4sBBH")                     # docs/gateway-frame.md
PING, PONG, PID = 0x02, 0x82, 0x8001
VERSION = 2
POLL_S = 0.001
PATIENCE_S = 20


def fail(what):
    raise SystemExit(f"daemon.py: {what}")


def read(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            fail("adoptd closed the connection")
        data += more
    return data


def ping():
    """The daemon's pid, or nothing if nobody listens."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        try:
            connection.connect(SOCKET)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        connection.sendall(HEADER.pack(b"ADOP", VERSION, PING, 0))
        magic, version, kind, length = HEADER.unpack(read(connection, HEADER.size))
        if (magic, version, kind) != (b"ADOP", VERSION, PONG):
            fail(f"no PONG: {magic!r}, version {version}, type {kind:#x}")
        body = read(connection, length)
    while body:
        tag, size = struct.unpack_from(">HH", body)
        if tag == PID:
            return struct.unpack(">I", body[4:4 + size])[0]
        body = body[4 + size:]
    fail("the PONG has no pid")


def running():
    pid = ping()
    if pid is None:
        fail("adoptd doesn't run")
    return pid


def ready():
    if ping() is not None:
        fail("adoptd runs already")
    if os.path.exists(PID_FILE):
        os.unlink(PID_FILE)
    starting = subprocess.Popen(["lab-service", "adoptd", "start"])
    deadline = time.monotonic() + PATIENCE_S
    while ping() is None:
        if time.monotonic() > deadline:
            starting.kill()
            fail("adoptd doesn't answer")
        time.sleep(POLL_S)
    answered = time.time_ns()
    if starting.wait() != 0:
        fail("adoptd doesn't start")
    print("ready_ms", f"{(answered - os.stat(PID_FILE).st_mtime_ns) / 1e6:.1f}", sep="\t")


def fields(path):
    """Of a file with lines "Name: value" those whose value is a number, or KiB."""
    with open(path) as file:
        for line in file:
            name, _, value = line.partition(":")
            words = value.split()
            if words and words[0].isdecimal() and words[1:] in ([], ["kB"]):
                yield name, int(words[0])


def memory():
    pid = running()
    status, maps = dict(fields(f"/proc/{pid}/status")), dict(fields(f"/proc/{pid}/smaps_rollup"))
    for name in "VmRSS", "VmHWM", "RssAnon", "RssFile", "RssShmem", "Threads":
        print(name, status[name], sep="\t")
    print("Pss", maps["Pss"], sep="\t")
    print("Private", maps["Private_Clean"] + maps["Private_Dirty"], sep="\t")


def switches(pid):
    """Of each thread by its id: its name, and how often it was switched away from a CPU."""
    threads = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{tid}/comm") as file:
                name = file.read().strip()
            counts = dict(fields(f"/proc/{pid}/task/{tid}/status"))
        except (FileNotFoundError, ProcessLookupError):
            continue                                 # it has just ended
        threads[tid] = name, counts["voluntary_ctxt_switches"] + counts["nonvoluntary_ctxt_switches"]
    return threads


def wakeups(seconds):
    pid = running()
    time.sleep(1)                                    # that question was one itself
    before, began = switches(pid), time.monotonic()
    time.sleep(seconds)
    after, lasted = switches(pid), time.monotonic() - began
    by_name = {}
    for tid, (name, count) in after.items():
        count -= before.get(tid, (name, 0))[1]       # a thread that has begun meanwhile has all of its own
        if count > 0:
            by_name[name] = by_name.get(name, 0) + count
    print("watched_s", f"{lasted:.0f}", sep="\t")
    print("wakeups_per_s", f"{sum(by_name.values()) / lasted:.3f}", sep="\t")
    for name, count in sorted(by_name.items(), key=lambda item: -item[1]):
        print(f"wakeups of {name}", f"{count / lasted:.3f}", sep="\t")


if sys.argv[1:] == ["ready"]:
    ready()
elif sys.argv[1:] == ["memory"]:
    memory()
elif len(sys.argv) == 3 and sys.argv[1] == "wakeups" and sys.argv[2].isdigit():
    wakeups(int(sys.argv[2]))
else:
    fail("ready, memory, or wakeups SECONDS")
