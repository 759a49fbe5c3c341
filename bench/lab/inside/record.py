"""Records what a real slurmd and a real slurmstepd say. Runs in a host of the lab; bench/lab/record drives it.

    record.py rpc OUT                 on c2: frames on TCP between the peer on c1, or a client, and c2's slurmd
    record.py stepd OUT               on c1: conversations with the extern step of alice's job

Each file of OUT starts with comment lines that say what it is. Nothing here comes from our own code: RPC frames are
made by Slurm's programs (or are such a frame sent again with the one change that the file names), and numbers and
layouts of the stepd conversation are Slurm's (src/common/stepd_api.c).
"""
import os
import socket
import struct
import subprocess
import sys
import textwrap
import time

WORK = "/run/record"
SLURMD_PORT = 6818
REQUEST_JOB_ID, RESPONSE_JOB_ID = 2013, 2014
REQUEST_NETWORK_CALLERID, RESPONSE_NETWORK_CALLERID = 5035, 5036
RESPONSE_SLURM_RC = 8001

VERSION = subprocess.check_output(["slurmd", "-V"], text=True).strip()
NODE = socket.gethostname()
NO_AUTH_CRED = 0x0040


class Recording:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def write(self, name, command, text, chunks):
        """chunks: pairs of a mark ("C", "S" or None) and bytes; neighbours with the same mark are not joined."""
        with open(os.path.join(self.folder, name + ".hex"), "w") as out:
            print(f"# {VERSION}, recorded {time.strftime('%Y-%m-%d')} by bench/lab/record on {NODE}", file=out)
            for line in f"Command: {command}\n{text}".split("\n"):
                print(textwrap.fill(line, 116, initial_indent="# ", subsequent_indent="#     "), file=out)
            for mark, data in chunks:
                if mark:
                    print(f"# {mark}", file=out)
                for at in range(0, len(data), 16):
                    print(data[at:at + 16].hex(" "), file=out)


# ---- RPC ------------------------------------------------------------------------------------------------------------

def frame_type(frame):
    return struct.unpack_from(">H", frame, 8)[0]


def frames_of(stream):
    while stream:
        size = 4 + struct.unpack_from(">I", stream)[0]
        if len(stream) < size:
            raise SystemExit(f"record: a frame of {size} bytes is cut at {len(stream)}")
        yield stream[:size]
        stream = stream[size:]


def conversations(pcap):
    """One pair (client's bytes, server's bytes) for each TCP connection to the slurmd port, in the order of opening."""
    found, at = {}, 24
    with open(pcap, "rb") as file:
        data = file.read()
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        packet = data[at + 16:at + 16 + size]
        at += 16 + size
        if packet[12:14] != b"\x08\x00":
            continue
        ip = packet[14:14 + struct.unpack_from(">H", packet, 16)[0]]
        tcp = ip[(ip[0] & 15) * 4:]
        source, target, seq = struct.unpack_from(">HHI", tcp)
        ends = (ip[12:16], source), (ip[16:20], target)
        client = target == SLURMD_PORT
        streams = found.setdefault(ends if client else ends[::-1], ({}, {}))
        payload = tcp[(tcp[12] >> 4) * 4:]
        if payload:
            streams[0 if client else 1][seq] = payload       # a retransmission overwrites itself
    return [tuple(b"".join(part for _, part in sorted(side.items())) for side in streams) for streams in found.values()]


def capture(interface, act):
    """Calls act, and returns its value and the (request, reply) pairs of frames that passed meanwhile."""
    pcap = f"{WORK}/{interface}.pcap"
    tcpdump = subprocess.Popen(["tcpdump", "-i", interface, "--immediate-mode", "-U", "-w", pcap, "-Z", "root",
                                "tcp", "port", str(SLURMD_PORT)], stderr=subprocess.PIPE, text=True)
    while "listening on" not in tcpdump.stderr.readline():
        if tcpdump.poll() is not None:
            raise SystemExit("record: tcpdump doesn't start")
    value = act()
    time.sleep(0.5)
    tcpdump.terminate()
    tcpdump.wait()
    pairs = []
    for client, server in conversations(pcap):
        pairs += zip(frames_of(client), frames_of(server))
    os.unlink(pcap)
    return value, pairs


def only(pairs, request_type, reply_type):
    wanted = [(a, b) for a, b in pairs if (frame_type(a), frame_type(b)) == (request_type, reply_type)]
    if len(wanted) != 1:
        raise SystemExit(f"record: {len(wanted)} exchanges {request_type}/{reply_type}, not 1: "
                         f"{[(frame_type(a), frame_type(b)) for a, b in pairs]}")
    return wanted[0]


def exchange(frame):
    """Sends a frame to this node's slurmd; what comes back until it closes, or nothing."""
    with socket.create_connection((NODE, SLURMD_PORT), timeout=15) as tcp:
        tcp.sendall(frame)
        reply = b""
        while part := tcp.recv(65536):
            reply += part
    return reply


def credential(frame):
    """A note on the frame's credential: what munge says of it, and the hash that it carries."""
    if frame.startswith(b"HTTP"):
        return "It is no frame but HTTP, from slurmd's other server on that port."
    flags, = struct.unpack_from(">H", frame, 6)
    if flags & NO_AUTH_CRED:
        return "It has no credential."
    family, = struct.unpack_from(">H", frame, 18)
    at = {0: 20, 2: 26, 10: 42}[family]
    size, = struct.unpack_from(">I", frame, at + 4)
    unmunge = subprocess.run(["unmunge", "-m", f"{WORK}/meta", "-o", f"{WORK}/payload"],
                             input=frame[at + 8:at + 7 + size], stderr=subprocess.DEVNULL)
    if unmunge.returncode not in (0, 17):                    # 17: decoded before, by slurmd
        return "munge refuses its credential."
    with open(f"{WORK}/meta") as meta, open(f"{WORK}/payload", "rb") as payload:
        said = dict(line.split(None, 1) for line in meta.read().splitlines() if ":" in line)
        hashed = payload.read().hex()
    reader = said.get("UID_RESTRICTION:", "any").strip()
    return (f"Its credential (of a munge key that existed for this recording only): uid {said['UID:'].strip()}, "
            f"readable by {reader}, payload {hashed}")


def credential_middle(frame):
    return 28 + struct.unpack_from(">I", frame, 24)[0] // 2


def run_as_alice(*command, **more):
    return subprocess.run(["runuser", "-u", "alice", "--", *command], cwd="/home/alice", stdin=subprocess.DEVNULL,
                          **more)


def word(frame):
    return f"0x{struct.unpack_from('>H', frame, 4)[0]:04X}"


def record_rpc(out):
    job = os.environ["LAB_JOB"]                              # alice's, on c1 and c2
    inside = ["srun", "--overlap", "--jobid", job, "-N1", "-n1", "-w", NODE, "ssh", "-p", "2222", "c1"]
    session = []

    def open_session():
        session.append(subprocess.Popen(["runuser", "-u", "alice", "--", *inside, "echo in; sleep 60"],
                                        cwd="/home/alice", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True))
        if session[0].stdout.readline() != "in\n":
            raise SystemExit("record: alice doesn't get in from her job")

    def pair(name, command, what, request, reply):
        out.write(f"rpc-{name}-request", command, f"{what}: the request.\n{credential(request)}", [(None, request)])
        if reply:
            out.write(f"rpc-{name}-reply", command, f"{what}: slurmd's reply.\n{credential(reply)}", [(None, reply)])

    _, pairs = capture("eth0", open_session)
    request, reply = only(pairs, REQUEST_NETWORK_CALLERID, RESPONSE_NETWORK_CALLERID)
    pair("callerid-found", f"tcpdump of port {SLURMD_PORT} during {' '.join(inside)} (alice)",
         f"REQUEST_NETWORK_CALLERID of the peer on c1, word {word(request)}, about a connection that alice's job {job} "
         f"opened on {NODE}", request, reply)

    # The credential covers the body and the message type, so the same frame can be asked in an older word.
    for older in (0x2A00, 0x2C00):
        if older < struct.unpack_from(">H", request, 4)[0]:
            asked = request[:4] + struct.pack(">H", older) + request[6:]
            pair(f"callerid-found-word-{older:04x}",
                 "the frame of rpc-callerid-found sent again with another version word",
                 f"REQUEST_NETWORK_CALLERID about a connection of alice's job {job}, asked in word 0x{older:04X}",
                 asked, exchange(asked))
    spoilt = request[:-1] + bytes([request[-1] ^ 1])
    pair("callerid-bad-hash", "the frame of rpc-callerid-found sent again with the last byte of its body changed",
         "REQUEST_NETWORK_CALLERID whose credential doesn't fit the body, answered with RESPONSE_SLURM_RC", spoilt,
         exchange(spoilt))
    forged = bytearray(request)
    forged[credential_middle(request)] ^= 1
    reply = exchange(bytes(forged))
    pair("callerid-bad-credential", "the frame of rpc-callerid-found sent again with one bit of its credential changed",
         "REQUEST_NETWORK_CALLERID with a credential that munge refuses, "
         + ("answered with RESPONSE_SLURM_RC" if reply else "after which slurmd closes without a word"),
         bytes(forged), reply)
    ancient = request[:4] + b"\x23\x00" + request[6:]
    reply = exchange(ancient)
    pair("callerid-unsupported-word", "the frame of rpc-callerid-found sent again with word 0x2300",
         "REQUEST_NETWORK_CALLERID in a version (20.02) that no slurmd speaks any more, "
         + ("with an answer all the same" if reply else "after which slurmd closes without a word"), ancient, reply)
    session[0].terminate()
    session[0].wait()

    _, pairs = capture("eth0", lambda: run_as_alice("ssh", "-p", "2222", "c1", "true", check=True))
    request, reply = only(pairs, REQUEST_NETWORK_CALLERID, RESPONSE_NETWORK_CALLERID)
    pair("callerid-not-found",
         f"tcpdump of port {SLURMD_PORT} during ssh -p 2222 c1 (alice on {NODE}, outside any job)",
         f"REQUEST_NETWORK_CALLERID of the peer on c1, word {word(request)}, about a connection that no job opened",
         request, reply)

    _, pairs = capture("lo", lambda: subprocess.run(["scontrol", "pidinfo", "1"], stderr=subprocess.DEVNULL))
    request, reply = only(pairs, REQUEST_JOB_ID, RESPONSE_SLURM_RC)
    pair("job-id-unknown", f"tcpdump of port {SLURMD_PORT} during scontrol pidinfo 1 (root)",
         "REQUEST_JOB_ID about a process of no job, answered with RESPONSE_SLURM_RC 2017", request, reply)


# ---- stepd ----------------------------------------------------------------------------------------------------------

HELLO = 0x2D00                                               # any stepd since 22.05 takes it, and answers its own word
SLUID, STATE, PID_IN_CONTAINER, DAEMON_PID, TASK_INFO, LIST_PIDS, UID = 1, 5, 8, 9, 14, 15, 20
ADD_EXTERN_PID, X11_DISPLAY, GET_NS_FD, GET_NS_FDS = 22, 23, 26, 28


class Stepd:
    def __init__(self, path):
        self.chunks = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(5)
        self.socket.connect(path)

    def send(self, data):
        self.socket.sendall(data)
        self.chunks.append(("C", data))

    def receive_descriptor(self):
        """One byte, read by itself, and the descriptor that comes with it."""
        data, descriptors, _, _ = socket.recv_fds(self.socket, 1, 4)
        self.chunks.append(("S", data))
        if len(descriptors) != 1:
            raise SystemExit(f"record: {len(descriptors)} descriptors, not 1")
        os.close(descriptors[0])

    def receive(self, count):
        """Exactly count bytes; fewer when it closes."""
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                break
            data += part
        if data:
            self.chunks.append(("S", data))
        return data

    def hello(self):
        self.send(struct.pack("=i", HELLO))
        return struct.unpack("=i", self.receive(4))[0]

    def ends_here(self):
        """Nothing more comes by itself."""
        self.socket.settimeout(0.3)
        try:
            return self.socket.recv(1) == b""
        except TimeoutError:
            return True


def has_namespace():
    with open("/etc/slurm/slurm.conf") as conf:
        return any(line.startswith(("JobContainerType=", "NamespaceType=")) for line in conf)


def record_tasks(conversation, job):
    """Of the extern step, of the batch step, and of a step of two tasks of which one has ended."""
    step = subprocess.Popen(
        ["runuser", "-u", "alice", "--", "srun", "-O", "--overlap", "--jobid", job, "-N1", "-n2", "-w", NODE, "-u",
         "sh", "-c", "echo $SLURM_STEP_ID; [ $SLURM_LOCALID = 0 ] || exit 3; exec sleep 60"],
        cwd="/home/alice", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    number, again = (step.stdout.readline().strip() for _ in range(2))
    if not number or number != again:
        raise SystemExit("record: the step of two tasks doesn't run")
    time.sleep(1)                                            # the task that ends is reaped
    for name, what, suffix in (("extern", "the extern step", "4294967292"), ("batch", "the batch step", "4294967291"),
                               ("step", "a step of two tasks, of which the second has ended with 3", number)):
        path = f"/var/spool/slurmd/{NODE}_{job}.{suffix}"
        conversation(f"task-info-{name}", f"TASK_INFO of {what}: a count, then 17 bytes for each task.",
                     struct.pack("=i", TASK_INFO), 4, lambda count: 17 * struct.unpack("=I", count)[0], step=path)
        conversation(f"list-pids-{name}", f"LIST_PIDS of {what}: a count, then the pids.",
                     struct.pack("=i", LIST_PIDS), 4, lambda count: 4 * struct.unpack("=I", count)[0], step=path)
    step.terminate()
    step.wait()


def record_stepd(out):
    job = os.environ["LAB_JOB"]
    path = f"/var/spool/slurmd/{NODE}_{job}.4294967292"
    probe = Stepd(path)
    server = probe.hello()

    def conversation(name, what, payload, *sizes, step=path):
        """sizes: of the replies, in order; a function makes the next size of the reply before it."""
        stepd = Stepd(step)
        stepd.hello()
        stepd.send(payload)
        reply = b""
        for size in sizes:
            reply = stepd.receive(size(reply) if callable(size) else size)
        if not stepd.ends_here():
            raise SystemExit(f"record: {name}: more comes than expected")
        out.write(f"stepd-{name}", f"inside/record.py stepd, as root, to {step}",
                  f"{what}\nThe whole conversation, from the connect on; the first pair is the handshake.\n"
                  "C: the client's bytes, S: the slurmstepd's (native byte order: little-endian).", stepd.chunks)
        return reply

    def request(code, *integers):
        return struct.pack(f"={1 + len(integers)}i", code, *integers)

    stepd = Stepd(path)
    stepd.hello()
    out.write("stepd-handshake", f"inside/record.py stepd, as root, to {path}",
              f"Handshake: the client's version word 0x{HELLO:04X}, the slurmstepd's own 0x{server:04X}.", stepd.chunks)
    refused = Stepd(path)
    refused.send(struct.pack("=i", 0x2300))
    refused.receive(4)
    if refused.socket.recv(1):
        raise SystemExit("record: a refused handshake isn't the end")
    out.write("stepd-handshake-refused", f"inside/record.py stepd, as root, to {path}",
              "Handshake with a version word that is too old (0x2300): -1, then it closes.", refused.chunks)

    conversation("uid", "UID: alice's, 2001.", request(UID), 4)
    conversation("state", "STATE: 2, running.", request(STATE), 4)
    conversation("daemon-pid", "DAEMON_PID.", request(DAEMON_PID), 4)
    child = subprocess.Popen(["setpriv", "--reuid", "alice", "--regid", "alice", "--clear-groups", "sleep", "60"])
    conversation("add-extern-pid", f"ADD_EXTERN_PID of {child.pid}, a process of alice's: 0.",
                 request(ADD_EXTERN_PID, child.pid), 4)
    conversation("pid-in-container", f"PID_IN_CONTAINER of {child.pid}, just added: 1.",
                 request(PID_IN_CONTAINER, child.pid), 1)
    conversation("pid-not-in-container", "PID_IN_CONTAINER of 1: 0.", request(PID_IN_CONTAINER, 1), 1)
    child.terminate()
    child.wait()
    conversation("add-extern-pid-no-process", "ADD_EXTERN_PID of a process that doesn't exist: -1.",
                 request(ADD_EXTERN_PID, 4194000), 4)
    conversation("add-extern-pid-not-extern", "ADD_EXTERN_PID to a step that isn't the extern step: -1.",
                 request(ADD_EXTERN_PID, os.getpid()), 4, step=f"/var/spool/slurmd/{NODE}_{job}.4294967291")
    record_tasks(conversation, job)
    conversation("x11-display", "X11_DISPLAY of a job without X11: display 0, then a path of length 0.",
                 request(X11_DISPLAY), 4, 4, lambda size: struct.unpack("=i", size)[0])
    if server >= 0x2C00:
        conversation("sluid", "SLUID of the job.", request(SLUID), 8)
    name, count = ("get-ns-fd", "number") if server < 0x2C00 else ("get-ns-fds", "count")
    if has_namespace():
        stepd = Stepd(path)
        stepd.hello()
        stepd.send(request(GET_NS_FD if server < 0x2C00 else GET_NS_FDS))
        stepd.receive(4 if server < 0x2C00 else 8)
        stepd.receive_descriptor()
        if not stepd.ends_here():
            raise SystemExit(f"record: {name}: more comes than expected")
        out.write(f"stepd-{name}-tmpfs", f"inside/record.py stepd, as root, to {path}",
                  f"{name.upper().replace('-', '_')} of a step of job_container/tmpfs (26.05: namespace/tmpfs): the "
                  f"{'number' if server < 0x2C00 else 'count, the type CLONE_NEWNS'}, then one byte by itself that "
                  "carries the mount namespace's descriptor (SCM_RIGHTS).\n"
                  "The whole conversation, from the connect on; the first pair is the handshake.\n"
                  "C: the client's bytes, S: the slurmstepd's (native byte order: little-endian).", stepd.chunks)
    else:
        conversation(name, f"{name.upper().replace('-', '_')} of a step without a namespace: a {count} of 0, and no "
                     "descriptor follows.", request(GET_NS_FD if server < 0x2C00 else GET_NS_FDS), 4)
    conversation("several", "UID, STATE and DAEMON_PID in one write.",
                 request(UID) + request(STATE) + request(DAEMON_PID), 4, 4, 4)


os.makedirs(WORK, exist_ok=True)
{"rpc": record_rpc, "stepd": record_stepd}[sys.argv[1]](Recording(sys.argv[2]))
