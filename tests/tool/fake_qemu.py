#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In QEMU's place: opens the socket that its -chardev names and answers there as a system does, until a machine called `end` is started."""
import os
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import target as t  # noqa: E402

words = sys.argv[1:]
print("fake QEMU:", " ".join(words), flush=True)
print("input:", sys.stdin.readline().strip(), flush=True)
mode = os.environ.get("FAKE_QEMU", "")
if mode == "fails":
    print("qemu: no such CPU model", file=sys.stderr)
    sys.exit(1)
chardev = next(word for word in words if word.startswith("socket,id=control"))
assert chardev.endswith(",server=on,wait=off")
assert "virtio-serial-device,bus=virtio-mmio-bus.7" in words and "virtserialport,chardev=control,name=sundew.control" in words
done = threading.Event()


def last_words(session):
    time.sleep(2)
    target.data(session, b"last words\n")
    done.set()


target = t.Target(chardev.split("path=")[1].split(",server")[0].replace(",,", ","), begin=False)
if mode == "mute":
    target.on_hello = lambda _: None
target.verbs[t.LIST] = lambda session, *_: (target.data(session, t.machine("debian")), target.end(session))
target.verbs[t.START] = lambda session, name, *_: (target.end(session), done.set() if name == "end" else None,
                                                   target.raw(t.frame(t.DATA, 1, bytes(100))[:50] + bytes(65544) + t.hello(0)) if name == "anew" else None)
target.verbs[t.CONSOLE] = lambda session, *_: target.data(session, f"session {session}\n".encode())
target.verbs[t.SHUTDOWN] = lambda session, *_: (target.end(session), done.set())
target.verbs[t.REMOVE] = lambda session, *_: None  # never answers
target.verbs[t.LOGS] = lambda session, *_: (target.data(session, repr(sorted(target.ends)).encode()), target.end(session))
if mode == "last words":  # in a while, of its own accord
    target.verbs[t.CONSOLE] = lambda session, *_: (target.data(session, b"attached\n"), threading.Thread(target=last_words, args=[session]).start())
target.on_data = lambda session, data: target.data(session, b"<" + data + b">")
target.begin()  # the broker waits for the socket, perhaps with somebody's request
done.wait()
print("fake QEMU: ends", flush=True)
sys.exit(7)
