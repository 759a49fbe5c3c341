"""Stands where a part of the node should be, and does what that part must not do. bench/lab/faults puts it there.

    standin.py stepd SOCKET UID WHEN:WHAT         a slurmstepd of UID's job that goes wrong
    standin.py relay SOCKET BEHIND ACT [PID]      in front of a real slurmstepd, until its "add pid" comes
    standin.py munge SOCKET BEHIND MS             in front of a real munged, every exchange later by that
    standin.py gateway SOCKET OWNER SERVER        the daemon's socket, owned by one uid and served by another
    standin.py ask SOCKET HEX                     a client: sends that, prints what comes back in hex
    standin.py sockets DIR PREFIX COUNT SUFFIX    stale sockets, PREFIX1SUFFIX and so on
    standin.py deaf COMMAND...                    COMMAND, with nobody reading what it writes to standard error

Runs in a host of the lab, with what python3-minimal has. WHEN is the question that is answered wrongly: hello, uid,
state or add. WHAT:

    never     no byte, and the connection stays
    closes    no byte, and the connection ends
    half      two of its four bytes, and the connection stays
    cut       two of its four bytes, and the connection ends
    long      the answer, and 64 KiB more
    garbage   bytes that mean nothing
    minus     -1
    yes       the right answer, and nothing done
    starting  that it is still setting up, for ever

ACT: stop or kill that PID as soon as it has been asked to add a process; gone: it has exited, and its socket with it,
between two connections, the second of which is for adding a process.
"""
import os
import select
import signal
import socket
import struct
import sys
import threading
import time

HELLO = 0x2A00                                              # 24.11, as Slurm's SLURM_PROTOCOL_VERSION has it
STATE, UID, ADD_EXTERN_PID = 5, 20, 22                       # Slurm src/common/stepd_api.h
STARTING, RUNNING = 1, 2
GARBAGE = bytes((i * 167 + 13) % 256 for i in range(4096))


def listener(path, backlog=512):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    os.chmod(path, 0o777)
    server.listen(backlog)
    return server


def serve(server, handler):
    while True:
        client, _ = server.accept()
        threading.Thread(target=guarded, args=(handler, client), daemon=True).start()


def guarded(handler, client):
    """A client that is gone is no fault of a stand-in's."""
    try:
        handler(client)
    except OSError:
        client.close()


def word(value):
    return struct.pack("=i", value)


def words(data):
    """Those of a request, which may come in one go with the hello."""
    return [number for number, in struct.iter_unpack("=i", data[: len(data) // 4 * 4])]


def read_word(client):
    data = client.recv(4, socket.MSG_WAITALL)
    if len(data) < 4:
        raise OSError("closed")
    return struct.unpack("=i", data)[0]


def wrong(client, what, right):
    """Answers wrongly; False when the connection has ended with it."""
    if what == "never":
        wait_for_end(client)
    elif what == "closes":
        pass
    elif what == "half":
        client.sendall(word(right)[:2])
        wait_for_end(client)
    elif what == "cut":
        client.sendall(word(right)[:2])
    else:
        client.sendall({"long": word(right) + GARBAGE * 16, "garbage": GARBAGE, "minus": word(-1), "yes": word(right),
                        "starting": word(STARTING)}[what])
        return True
    client.close()
    return False


def wait_for_end(client):
    while client.recv(4096):
        pass


def stepd(path, uid, fault):
    when, what = fault.split(":")
    rights = {STATE: ("state", RUNNING), UID: ("uid", int(uid)), ADD_EXTERN_PID: ("add", 0)}

    def converse(client):
        read_word(client)
        if when == "hello":
            if not wrong(client, what, HELLO):
                return
        else:
            client.sendall(word(HELLO))
        while True:
            request = read_word(client)
            if request not in rights:
                client.close()
                return
            name, right = rights[request]
            if name == "add":
                read_word(client)                            # the pid
            if name == when:
                if not wrong(client, what, right):
                    return
            else:
                client.sendall(word(right))

    serve(listener(path), converse)


def relay(path, behind, act, pid="0"):
    server = listener(path)

    def acted():
        if act == "gone":
            os.unlink(path)
            os._exit(0)
        os.kill(int(pid), signal.SIGSTOP)
        if act == "kill":
            threading.Timer(0.1, os.kill, (int(pid), signal.SIGKILL)).start()

    def copy(client):
        real = socket.socket(socket.AF_UNIX)
        real.connect(behind)
        try:
            while True:
                for ready in select.select([client, real], [], [])[0]:
                    data = ready.recv(4096)
                    if not data:
                        return
                    if ready is client and ADD_EXTERN_PID in words(data):
                        acted()
                    (real if ready is client else client).sendall(data)
        finally:
            real.close()
            client.close()

    serve(server, copy)


def munge(path, behind, delay_ms):
    def copy(client):
        time.sleep(int(delay_ms) / 1000)
        real = socket.socket(socket.AF_UNIX)
        real.connect(behind)
        try:
            while True:
                for ready in select.select([client, real], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    (real if ready is client else client).sendall(data)
        finally:
            real.close()
            client.close()

    serve(listener(path), copy)


def gateway(path, owner, server_uid):
    """The kernel tells a client who called listen(2), not who called bind(2)."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    os.chmod(path, 0o600)
    os.chown(path, int(owner), int(owner))
    os.setuid(int(server_uid))
    server.listen(8)
    # VERDICT: success, reason "only_job", login "x"; whoever believes it has believed anybody.
    body = b"\0\1\0\1\1" + b"\0\2\0\x08only_job" + b"\x80\1\0\1x"
    frame = b"ADOP\2\x81" + struct.pack(">H", len(body)) + body

    def lie(client):
        client.recv(4096)
        client.sendall(frame)
        client.close()

    serve(server, lie)


def ask(path, request):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    client.connect(path)
    client.sendall(bytes.fromhex(request))
    reply = b""
    try:
        while part := client.recv(4096):
            reply += part
    except ConnectionResetError:                             # who is refused is not read, and that ends so
        pass
    print(reply.hex())


def sockets(folder, prefix, count, suffix):
    os.chdir(folder)                                         # a path in an address is short
    for i in range(1, int(count) + 1):
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(f"{prefix}{i}{suffix}")
        stale.close()


def deaf(*command):
    """The reading end stays open in a process that never reads, as a journald that hangs."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(writing)
        while os.getppid() != 1:
            time.sleep(0.2)
        os._exit(0)
    os.close(reading)
    os.dup2(writing, 2)
    os.close(writing)
    os.execvp(command[0], command)


if __name__ == "__main__":
    parts = {"stepd": stepd, "relay": relay, "munge": munge, "gateway": gateway, "ask": ask, "sockets": sockets,
             "deaf": deaf}
    if len(sys.argv) < 3 or sys.argv[1] not in parts:
        sys.exit(__doc__)
    parts[sys.argv[1]](*sys.argv[2:])
