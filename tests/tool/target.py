# SPDX-License-Identifier: Apache-2.0
"""A target that speaks the control protocol (docs/control.md), written from that page and not from the tool's code."""
import os
import pathlib
import select
import socket
import struct
import threading

TOOL = pathlib.Path(__file__).resolve().parents[2] / "build/host/cli/sundew"

HELLO, REQUEST, DATA, CREDIT, LOST, RESIZE, END, OPENED = range(1, 9)
LIST, START, STOP, RESTART, PAUSE, RESUME, CONSOLE, LOGS, STATS, EVENTS, CREATE, REMOVE, SHUTDOWN, GDB, TRACE = range(1, 16)
(DONE, NO_SUCH_MACHINE, WRONG_STATE, BUSY, NOT_SUPPORTED, BAD_REQUEST, NO_MEMORY, BAD_BUNDLE, EXISTS, TOO_MANY, TIMED_OUT, FAILED, CLOSED,
 GONE) = range(14)
OFF, WAITING, RUNNING, PAUSED, STOPPING, EXITED, FAILED_STATE, BACKOFF = range(8)
MAGIC = b"\xf5SUNDEW\n"
MARK = b"end."


def frame(kind, session, payload=b""):
    return struct.pack("<IHH", len(payload), kind, session) + payload + MARK


def hello(nonce, version=2):
    return frame(HELLO, 0, MAGIC + struct.pack("<IIQQQQQ", version, 4, nonce, 10_000_000, 5_000_000_000, 2 << 30, 1 << 30))


def machine(name, state=RUNNING, cpus=2, reason=b"", restarts=0):
    return (name.encode().ljust(32, b"\0") + struct.pack("<HHIIIQQQIi", state, 1, cpus, 100, 300, 512 << 20, 3, 65_000_000_000, restarts, 0)
            + reason.ljust(128, b"\0"))


def stats(name, now=5_000_000_000, run=1_000_000_000, cpus=2, state=RUNNING):
    vcpus = b"".join(struct.pack("<12Q", run, run // 1_000_000, *range(i * 100, i * 100 + 10)) for i in range(8))
    return (name.encode().ljust(32, b"\0") + struct.pack("<QHHI9Q", now, state, 0, cpus, 512 << 20, 1 << 20, 3 << 20, 2 << 20, 4096, run // 100, 1, 16, 5)
            + vcpus)


def event(name, kind=0, state=RUNNING, text=b"", now=1_500_000_000):
    return struct.pack("<QHHi", now, kind, state, 0) + name.encode().ljust(32, b"\0") + text.ljust(128, b"\0")


def trace(kind=0, exit=1, vcpu=0, begin=100, duration=5, address=0x10000000, value=0x80200000):
    return struct.pack("<QIBBBBQQ", begin, duration, kind, exit, vcpu, 0, address, value)


class Target:
    """Serves one connection after another on a UNIX socket. `verbs[verb](session, name, flags, value)` answers requests. Where someone may be
    waiting for the socket already, `begin` is called when the verbs are there, not before."""

    def __init__(self, path, begin=True):
        self.path = str(path)
        self.verbs = {}
        self.requests, self.ends, self.typed, self.sizes, self.greetings = [], [], bytearray(), [], 0
        self.on_data = lambda session, data: self.send(CREDIT, session, struct.pack("<Q", len(data)))
        self.on_hello = lambda nonce: self.raw(hello(nonce))
        self.connection = None
        self.listener = socket.socket(socket.AF_UNIX)
        self.wake, self.stop = os.pipe()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        if begin:
            self.begin()

    def begin(self):
        self.listener.bind(self.path)
        self.listener.listen()
        self.thread.start()

    def close(self):
        os.write(self.stop, b"x")
        self.thread.join(10)
        self.forget()
        self.listener.close()

    # What it sends.
    def raw(self, data):
        try:
            self.connection.sendall(data)
        except (OSError, AttributeError):
            pass  # the tool has gone

    def send(self, kind, session, payload=b""):
        self.raw(frame(kind, session, payload))

    def data(self, session, payload):
        self.send(DATA, session, payload)

    def end(self, session, status=DONE, detail=0, text=b""):
        self.send(END, session, struct.pack("<HHI", status, 0, detail) + text)

    def drop(self):
        """Ends the connection; the thread that serves it sees its end, and forgets it."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass  # it has ended already

    def forget(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    # What it hears.
    def serve(self):
        buffer, synchronized = b"", False
        while True:
            files = [self.wake, self.connection or self.listener]
            ready = select.select(files, [], [], 0.2)[0]  # some kernels wake no select that was begun beside a fork
            if not ready:
                continue
            if self.wake in ready:
                return
            if not self.connection:
                self.connection, buffer, synchronized = self.listener.accept()[0], b"", False
                continue
            try:
                piece = self.connection.recv(65536)
            except OSError:
                piece = b""
            if not piece:
                self.forget()
                continue
            buffer += piece
            if not synchronized:
                at = buffer.find(struct.pack("<IHH", 56, HELLO, 0) + MAGIC)
                if at < 0:
                    buffer = buffer[-15:]
                    continue
                buffer, synchronized = buffer[at:], True
            while len(buffer) >= 8 and self.connection:
                length, kind, session = struct.unpack_from("<IHH", buffer)
                if length > 65524 or not 1 <= kind <= 8:  # the next one's preamble
                    at = buffer.find(struct.pack("<IHH", 56, HELLO, 0) + MAGIC)
                    if at < 0:
                        synchronized = False
                        break
                    buffer = buffer[at:]
                    continue
                if len(buffer) < length + 12:
                    break
                assert buffer[8 + length:12 + length] == MARK
                payload, buffer = buffer[8:8 + length], buffer[12 + length:]
                self.take(kind, session, payload)

    def take(self, kind, session, payload):
        if kind == HELLO:
            self.greetings += 1
            assert struct.unpack_from("<I", payload, 8)[0] == 2
            self.on_hello(struct.unpack_from("<Q", payload, 16)[0])
        elif kind == REQUEST:
            verb, flags, zero, value = struct.unpack_from("<HHIQ", payload)
            assert len(payload) == 48 and zero == 0
            name = payload[16:].rstrip(b"\0").decode()
            self.requests.append((verb, flags, value, name))
            self.verbs.get(verb, lambda session, *_: self.end(session, NOT_SUPPORTED))(session, name, flags, value)
        elif kind == DATA:
            self.typed += payload
            self.on_data(session, payload)
        elif kind == RESIZE:
            self.sizes.append(struct.unpack("<HH", payload))
        elif kind == END:
            self.ends.append(session)
            self.end(session, CLOSED)
