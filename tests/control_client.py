# SPDX-License-Identifier: Apache-2.0
"""A small client of the control protocol (docs/control.md), for tests: it can also say what no proper client would."""
import os
import socket
import struct
import time

HELLO, REQUEST, DATA, CREDIT, LOST, RESIZE, END, OPENED = range(1, 9)
LIST, START, STOP, RESTART, PAUSE, RESUME, CONSOLE, LOGS, STATS, EVENTS, CREATE, REMOVE, SHUTDOWN, GDB, TRACE = range(1, 16)
FORCE, FOLLOW, FRESH = 1, 2, 4
STATUS = "Done NoSuchMachine WrongState Busy NotSupported BadRequest NoMemory BadBundle Exists TooMany TimedOut Failed Closed Gone".split()
STATES = "Off Waiting Running Paused Stopping Exited Failed Backoff".split()
STATS_BYTES = 888
MAGIC = b"\xf5SUNDEW\n"
MARK = b"end."


def frame(kind, session, payload=b""):
    return struct.pack("<IHH", len(payload), kind, session) + payload + MARK


def text(field):
    return field.split(b"\0", 1)[0].decode()


class Ended(Exception):
    """The target ended a session: its status, detail and text."""


class Client:
    """A connection. The socket is there as soon as QEMU is; the target may take its time."""

    def __init__(self, path, timeout=100):
        self.timeout = timeout
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(str(path))
                break
            except OSError:
                self.socket.close()
                assert time.monotonic() < deadline, "QEMU gives no socket"
                time.sleep(0.1)
        self.socket.settimeout(timeout)
        self.bytes = b""
        self.sessions = {}
        self.next = 1

    def hello(self, version=2):
        nonce = os.urandom(8)
        self.socket.sendall(bytes(65544) + frame(HELLO, 0, MAGIC + struct.pack("<II", version, 0) + nonce + bytes(32)))
        begin = struct.pack("<IHH", 56, HELLO, 0) + MAGIC
        while True:
            at = self.bytes.find(begin)
            if at >= 0 and len(self.bytes) >= at + 68 and self.bytes[at + 24:at + 32] == nonce:
                answer = self.bytes[at + 8:at + 64]
                self.bytes = self.bytes[at + 68:]
                fields = struct.unpack("<8sIIQQQQQ", answer)
                return dict(zip("magic version harts nonce hertz now memory free".split(), fields))
            self.bytes = self.bytes[at + 1 if at >= 0 and len(self.bytes) >= at + 68 else max(at, 0):]
            self.more()

    def more(self):
        got = self.socket.recv(65536)
        assert got, "QEMU has closed the socket"
        self.bytes += got

    def receive(self):
        """The next frame: type, session, payload."""
        while len(self.bytes) < 8 or len(self.bytes) < 12 + struct.unpack_from("<I", self.bytes)[0]:
            self.more()
        length, kind, session = struct.unpack_from("<IHH", self.bytes)
        payload, mark = self.bytes[8:8 + length], self.bytes[8 + length:12 + length]
        assert mark == MARK and kind in range(1, 9)
        self.bytes = self.bytes[12 + length:]
        return kind, session, payload

    def pump(self):
        kind, session, payload = self.receive()
        if session in self.sessions:
            self.sessions[session].hear(kind, payload)

    def open(self, verb, machine="", value=0, flags=0):
        number = self.next
        self.next += 1
        session = self.sessions[number] = Session(self, number)
        self.socket.sendall(frame(REQUEST, number, struct.pack("<HHIQ32s", verb, flags, 0, value, machine.encode())))
        return session

    def events(self):
        """A session of events that misses nothing of what happens after this."""
        session = self.open(EVENTS)
        while not session.opened:
            assert session.status is None, f"{session.status} {session.text}"
            self.pump()
        return session

    def do(self, verb, machine="", value=0, flags=0):
        """A verb to its end: status, and the data that it gave."""
        session = self.open(verb, machine, value, flags)
        return session.wait(), session.data

    def list(self):
        status, data = self.do(LIST)
        assert status == "Done"
        found = {}
        for at in range(0, len(data), 208):
            name, state, policy, cpus, priority, share, memory, harts, since, restarts, exit_status, reason = struct.unpack_from(
                "<32sHHIIIQQQIi128s", data, at)
            found[text(name)] = {"state": STATES[state], "policy": policy, "cpus": cpus, "priority": priority, "share": share,
                                 "memory": memory, "harts": harts, "since": since, "restarts": restarts, "status": exit_status,
                                 "reason": text(reason)}
        return found

    def state(self, machine):
        return self.list()[machine]["state"]

    def wait_for(self, machine, state):
        deadline = time.monotonic() + self.timeout
        while self.state(machine) != state:
            assert time.monotonic() < deadline, f"{machine} is {self.list()[machine]}, not {state}"
            time.sleep(0.1)

    def stats(self, machine=""):
        status, data = self.do(STATS, machine)
        assert status == "Done"
        found = {}
        for at in range(0, len(data), STATS_BYTES):
            name, now, state, _, cpus, memory, returned, reported, overhead, *disks = struct.unpack_from("<32sQHHI9Q", data, at)
            vcpus = [struct.unpack_from("<12Q", data, at + 120 + 96 * i) for i in range(cpus)]
            found[text(name)] = {"now": now, "state": STATES[state], "memory": memory, "overhead": overhead, "disks": disks,
                                 "run": [each[0] for each in vcpus], "interrupts": [each[1] for each in vcpus],
                                 "exits": [each[2:] for each in vcpus]}
        return found

    def close(self):
        self.socket.close()


class Session:
    def __init__(self, client, number):
        self.client, self.number, self.data, self.status, self.credit, self.lost = client, number, b"", None, 65536, 0
        self.opened = False

    def hear(self, kind, payload):
        if kind == DATA:
            self.data += payload
            self.client.socket.sendall(frame(CREDIT, self.number, struct.pack("<Q", len(payload))))
        elif kind == CREDIT:
            self.credit += struct.unpack("<Q", payload)[0]
        elif kind == LOST:
            self.lost += struct.unpack("<Q", payload)[0]
        elif kind == OPENED:
            self.opened = True
        elif kind == END:
            status, _, self.detail = struct.unpack_from("<HHI", payload)
            self.text = payload[8:].decode()
            self.status = STATUS[status]

    def wait(self):
        """Until the target ends it."""
        while self.status is None:
            self.client.pump()
        print(f"session {self.number}: {self.status} {self.text}")
        return self.status

    def expect(self, pattern):
        """Until the data has these bytes in it."""
        while pattern not in self.data:
            assert self.status is None, f"{self.status} {self.text}: {self.data}"
            self.client.pump()

    def send(self, data):
        for at in range(0, len(data), 32768):
            piece = data[at:at + 32768]
            while self.credit < len(piece):
                assert self.status is None, f"{self.status} {self.text}"
                self.client.pump()
            self.credit -= len(piece)
            self.client.socket.sendall(frame(DATA, self.number, piece))

    def end(self):
        self.client.socket.sendall(frame(END, self.number, bytes(8)))
        return self.wait()
