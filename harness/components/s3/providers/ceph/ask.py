"""Speaks with a Ceph cluster from inside one of its nodes. Every start of the `ceph` program costs half a second of a processor,
a connection that stays open costs a message.

  ask.py make FILE        connects, runs the commands of FILE (a JSON list a line: those of a line at once), then answers on SOCKET
  ask.py SOCKET COMMAND   asks the one that answers there
  ask.py once COMMAND     connects for itself
  ask.py daemon NAME COMMAND   asks one daemon of this node over its admin socket

A COMMAND is JSON: {"to": "mon" | "mgr" | "osd.0", "prefix": "osd dump", ...}. Prints what came back; the error goes to stderr.
"""
import json
import os
import socket
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

SOCKET = "/run/ceph/ask.sock"
PATIENCE_S = 60
EEXIST = 17


def connect():
    import rados

    cluster = rados.Rados(conffile="/etc/ceph/ceph.conf", name="client.admin")
    cluster.connect(timeout=PATIENCE_S)
    return cluster


def run(cluster, command):
    command = dict(command)
    to = command.pop("to", "mon")
    seconds = command.pop("seconds", 10)
    text = json.dumps(command)
    if to == "mon":
        code, out, err = cluster.mon_command(text, b"", timeout=seconds)
    elif to == "mgr":
        code, out, err = cluster.mgr_command(text, b"", timeout=seconds)
    else:
        code, out, err = cluster.osd_command(int(to.removeprefix("osd.")), text, b"", timeout=seconds)
    return {"code": code, "out": out.decode("utf8", "replace"), "err": err}


def make(path):
    cluster = connect()
    with open(path) as file, ThreadPoolExecutor(16) as at_once:
        for line in file:
            commands = json.loads(line)
            for command, answer in zip(commands, at_once.map(lambda command: run(cluster, command), commands)):
                if answer["code"] not in (0, -EEXIST):
                    sys.exit(f"blackstart: {command}: {answer['code']} {answer['err']}")
    open("/run/ceph/made", "w").close()
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)
    listener.bind(SOCKET)
    listener.listen(16)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=answer_one, args=(cluster, client), daemon=True).start()


def answer_one(cluster, client):
    with client:
        try:
            answer = run(cluster, json.loads(client.makefile().readline()))
        except Exception as wrong:
            answer = {"code": -1, "out": "", "err": str(wrong)}
        client.sendall(json.dumps(answer).encode())


def over(path, text):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE_S)
    client.connect(path)
    client.sendall(text)
    return client


def daemon(name, text):
    with over(f"/run/ceph/{name}.asok", text.encode() + b"\0") as client:
        stream = client.makefile("rb")
        (length,) = struct.unpack(">I", stream.read(4))
        return {"code": 0, "out": stream.read(length).decode(), "err": ""}


def main():
    how, *rest = sys.argv[1:]
    if how == "make":
        return make(rest[0])
    if how == "daemon":
        answer = daemon(*rest)
    elif how == "once":
        answer = run(connect(), json.loads(rest[0]))
    else:
        with over(how, rest[0].encode() + b"\n") as client:
            answer = json.loads(client.makefile().read())
    print(answer["out"])
    if answer["code"] != 0:
        sys.exit(f"{answer['code']} {answer['err']}")


main()
