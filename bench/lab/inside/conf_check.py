"""Holds Slurm to the tables of io-slurmd's tests. Runs in a host of the lab; bench/lab/conf-check drives it.

    conf_check.py RELEASE NODES HOSTLISTS

Where Slurm's client looks it says itself, for it looks where nothing is: "Domain socket directory DIR: No such file".
"""
import os
import re
import subprocess
import sys

PLACE = "/run/conf-check"
HEADER = ["ClusterName=Lab", "SlurmctldHost=login", "SlurmUser=slurm"]


def cases_of(table):
    cases, case, file = [], None, None
    with open(table) as lines:
        for line in lines:
            line = line.rstrip("\n")
            key, _, value = line.partition(" ")
            if line.startswith("|"):
                file.append(line[1:])
            elif key == "=":
                case = {"name": value, "host": "c1", "hosts": [], "files": {}}
                cases.append(case)
            elif key == "file":
                file = case["files"].setdefault(value.removeprefix("bare "), [])
                if value == "slurm.conf":
                    file += HEADER
            elif key == "hosts":
                case["hosts"].append(value)
            elif key and key != "#":
                case[key] = value
    return cases


def write(name, lines):
    path = f"{PLACE}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        out.writelines(line + "\n" for line in lines)


def place_of(case):
    """Where scontrol looks for this host's steps."""
    subprocess.run(["rm", "-rf", PLACE], check=True)
    for name, lines in case["files"].items():
        write(name, lines)
    write("hosts", ["127.0.0.1 localhost", "10.77.0.10 login", *case["hosts"]])
    subprocess.run(["cp", "/etc/slurm/cgroup.conf", PLACE], check=True)
    environment = dict(os.environ, SLURM_CONF=f"{PLACE}/slurm.conf")
    if "nodename" in case:
        environment["SLURMD_NODENAME"] = case["nodename"]
    try:
        said = subprocess.run(
            ["unshare", "-u", "-m", "--propagation", "private", "sh", "-c",
             'hostname "$1"; mount --bind "$2" /etc/hosts; exec scontrol listpids', "sh", case["host"], f"{PLACE}/hosts"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90).stdout
    except subprocess.TimeoutExpired:
        return "no answer"
    looked = re.search(r"Domain socket directory (.*): No such file", said)
    if looked:
        return looked[1] or "nowhere"
    if "fatal: " in said or "Couldn't find nodename" in said:
        return "refused"
    return "? " + " / ".join(said.splitlines())


def names_of(expression):
    said = subprocess.run(["scontrol", "show", "hostnames", expression], capture_output=True, text=True, timeout=90)
    if said.returncode or "nvalid" in said.stderr:
        return "refused"
    return " ".join(said.stdout.split()) or "nothing"


def hostlists(table, release):
    with open(table) as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            columns = [column.strip() for column in line.split(" | ")]
            expected = columns[1]
            for column in columns[2:]:
                version, _, names = column.partition(": ")
                if version == release:
                    expected = names
            yield columns[0], expected


def main(release, nodes, lists):
    differ = total = 0

    def check(what, expected, seen):
        nonlocal differ, total
        total += 1
        if seen != expected:
            differ += 1
            print(f"{what}: Slurm {release} has {seen}, the table {expected}")

    for case in cases_of(nodes):
        expected = case.get(f"slurm-{release}", case.get("slurm", case.get("both")))
        check(case["name"], expected, place_of(case))
    for expression, expected in hostlists(lists, release):
        check(f"host list {expression}", expected, names_of(expression))
    subprocess.run(["rm", "-rf", PLACE], check=True)
    print(f"{total} rows, {differ} differ")
    return 1 if differ else 0


sys.exit(main(*sys.argv[1:]))
