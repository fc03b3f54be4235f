"""Speaks with a Ceph cluster from inside one of its nodes. Every start of the `ceph` program costs half a second of a processor,
a connection that stays open costs a message.

  ask.py make FILE        connects, runs the commands of FILE (a JSON list a line: those of a line at once), then answers on SOCKET
  ask.py SOCKET COMMAND...       asks the one that answers there
  ask.py once COMMAND...         connects for itself
  ask.py daemon NAME COMMAND...  asks one daemon of this node over its admin socket

A COMMAND is JSON: {"to": "mon" | "mgr" | "osd.0", "prefix": "osd dump", ...}; "keyring": a file whose key goes along, read here so
that it stands in no argument list. Prints a list of what came back, in order, each
{"code": ..., "out": ..., "err": ...}, and exits 1 when one failed.
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
    given = secret_of(command.pop("keyring")) if "keyring" in command else b""
    text = json.dumps(command)
    seconds = 10
    if to == "mon":
        code, out, err = cluster.mon_command(text, given, timeout=seconds)
    elif to == "mgr":
        code, out, err = cluster.mgr_command(text, b"", timeout=seconds)
    else:
        code, out, err = cluster.osd_command(int(to.removeprefix("osd.")), text, b"", timeout=seconds)
    return {"code": code, "out": out.decode("utf8", "replace"), "err": err}


def secret_of(keyring):
    """What a command wants as its input: the key that every entity of the keyring has."""
    with open(keyring) as file:
        key = next(line.split(" = ")[1].strip() for line in file if line.startswith("key = "))
    return json.dumps({"cephx_secret": key}).encode()


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
    client.sendall(text.encode())
    return client


def resident(path, text):
    with over(path, text + "\n") as client:
        return json.loads(client.makefile().read())


def daemon(name, text):
    with over(f"/run/ceph/ceph-{name}.asok", text + "\0") as client:
        stream = client.makefile("rb")
        (length,) = struct.unpack(">I", stream.read(4))
        return {"code": 0, "out": stream.read(length).decode(), "err": ""}


def main():
    how, *rest = sys.argv[1:]
    if how == "make":
        return make(rest[0])
    if how == "daemon":
        name, *commands = rest
        answers = [daemon(name, text) for text in commands]
    elif how == "once":
        cluster = connect()
        answers = [run(cluster, json.loads(text)) for text in rest]
    else:
        answers = [resident(how, text) for text in rest]
    print(json.dumps(answers))
    sys.exit(any(answer["code"] != 0 for answer in answers))


main()
