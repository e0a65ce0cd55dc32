"""Programs of ours that try to get out of the sandbox, and what may not have happened after each.

A program prints the word in MARK when it managed what it tried; beside that, the side outside looks: a secret file was
not read, nothing near it was written, no connection came in, no process is left, the project is as it was.

    python -m tests.code.escapes bubblewrap     (or sandlock; a number N after it: every N-th attempt only)
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from strati.code import driver
from strati.code.find import find_sandbox
from strati.code.sandbox import Limits, Sandbox

MARK = "ESC" + "APED"
LIMITS = Limits(seconds=2.5, memory=256 << 20, processes=24, output=200_000, disk=8 << 20)
LASTING = f"43219.{secrets.randbelow(9_000_000) + 1_000_000}"  # its own, where several run at once
"""Seconds that a left-behind process would sleep: how it is recognised."""

# name: program. SECRET is a file outside, OUTSIDE its folder, PORT a listener on this machine, SOCKET a socket file,
# ABSTRACT one without a file, PID a process outside.
ATTEMPTS = {
    # files
    "read a secret": "got(open(SECRET).read())",
    "read a secret by os.open": "got(os.read(os.open(SECRET, os.O_RDONLY), 100).decode())",
    "read it through /proc/self/root": "got(open('/proc/self/root' + SECRET).read())",
    "read it through /proc/1/root": "got(open('/proc/1/root' + SECRET).read())",
    "read it through the parent's root": "got(open(f'/proc/{os.getppid()}/root' + SECRET).read())",
    "read it by a path that climbs": "got(open('../' * 40 + SECRET.lstrip('/')).read())",
    "read it with cat": "got(subprocess.run(['cat', SECRET], capture_output=True, text=True, check=True).stdout)",
    "read the shadow file": "got(open('/etc/shadow').read())",
    "list the home": "got(str([n for n in os.listdir(HOME) if os.path.isfile(f'{HOME}/{n}')][0]))",
    "list root's home": "got(open('/root/.bashrc').read()[:9])",
    "write beside the secret": "open(OUTSIDE + '/new', 'w').write('x'); got()",
    "overwrite the secret": "open(SECRET, 'w').write('x'); got()",
    "remove the secret": "os.unlink(SECRET); got()",
    "rename the secret": "os.rename(SECRET, SECRET + '2'); got()",
    "change the secret's time": "os.utime(SECRET, (0, 0)); got()",
    "make the secret readable": "os.chmod(SECRET, 0o777); got()",
    "write to the project": "open('program.py', 'a').write('x'); got()",
    "make a file in the project": "open('new.py', 'w').write('x'); got()",
    "remove the project": "shutil.rmtree(os.getcwd()); got()",
    "write to /usr": "open('/usr/new', 'w').write('x'); got()",
    "write to /": "open('/new', 'w').write('x'); got()",
    "write to /dev": "open('/dev/new', 'w').write('x'); got()",
    "write to /var/tmp": "open('/var/tmp/strati-new', 'w').write('x'); got()",
    # what starts later, elsewhere
    "leave a .pth file": "open(os.path.join(site.getsitepackages()[0], 'x.pth'), 'w').write('import os'); got()",
    "leave a sitecustomize": "open(os.path.join(site.getsitepackages()[0], 'sitecustomize.py'), 'w').write(''); got()",
    "leave a conftest.py": "open('conftest.py', 'w').write('x'); got()",
    "leave a conftest.py above": "open('../conftest.py', 'w').write('x'); got()",
    "change the driver": "open(DRIVER, 'a').write('x'); got()",
    "change the interpreter": "open(os.path.realpath(sys.executable), 'ab').write(b'x'); got()",
    "change the library": "open(os.__file__, 'a').write('x'); got()",
    "leave a bytecode file": "open(os.path.join(os.path.dirname(os.__file__), '__pycache__', 'x.pyc'), 'w'); got()",
    "leave a cron job": "open('/etc/cron.d/x', 'w').write('x'); got()",
    # links
    "link to the secret": "os.symlink(SECRET, TMP + '/link'); got(open(TMP + '/link').read())",
    "hard link to the secret": "os.link(SECRET, TMP + '/hard'); got(open(TMP + '/hard').read())",
    "race a link": (
        "import threading\n"
        "def turn():\n"
        "    for _ in range(3000):\n"
        "        for to in (TMP + '/plain', SECRET):\n"
        "            os.symlink(to, TMP + '/t'); os.replace(TMP + '/t', TMP + '/race')\n"
        "open(TMP + '/plain', 'w').close()\n"
        "thread = threading.Thread(target=turn, daemon=True); thread.start()\n"
        "while thread.is_alive():\n"
        "    with contextlib.suppress(OSError):\n"
        "        text = open(TMP + '/race').read()\n"
        "        if text: got(text)"
    ),
    "link the project's file away": "os.symlink(SECRET, 'other.py'); got()",
    # network
    "connect to a port here": "socket.create_connection(('127.0.0.1', PORT), 1).send(b'out'); got()",
    "connect by IPv6": "socket.create_connection(('::1', PORT), 1); got()",
    "connect elsewhere": "socket.create_connection(('192.0.2.1', 80), 1); got()",
    "send a datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'out', ('127.0.0.1', PORT)); time.sleep(0.05)",
    "ask for a name": "got(socket.gethostbyname('example.com'))",
    "use a socket file": "s = socket.socket(socket.AF_UNIX); s.connect(SOCKET); s.send(b'out'); got()",
    "use an abstract socket": "s = socket.socket(socket.AF_UNIX); s.connect(ABSTRACT); s.send(b'out'); got()",
    "open a raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP); got()",
    "open a packet socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW); got()",
    # processes
    "fork without end": "while True:\n    os.fork()",
    "fork a few hundred": (
        "children = 0\n"
        "with contextlib.suppress(OSError):\n"
        "    for _ in range(300):\n"
        "        if os.fork() == 0: time.sleep(2); os._exit(0)\n"
        "        children += 1\n"
        "if children > 100: got()"
    ),
    "start threads without end": (
        "import threading\n"
        "n = 0\n"
        "with contextlib.suppress(RuntimeError):\n"
        "    for n in range(500): threading.Thread(target=time.sleep, args=(1,), daemon=True).start()\n"
        "if n > 100: got()\n"
        "os._exit(0)"
    ),
    "leave a daemon": (
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0: os.execvp('sleep', ['sleep', LASTING])\n"
        "    os._exit(0)\n"
        "time.sleep(0.1); os._exit(0)"
    ),
    "leave a daemon by nohup": (
        "subprocess.Popen(['nohup', 'sleep', LASTING], start_new_session=True, stdout=-3, stderr=-3)\nos._exit(0)"
    ),
    "kill a process outside": "os.kill(PID, 9); got()",
    "kill every process": "os.kill(-1, 9)",
    "trace a process outside": "libc.ptrace(16, PID, 0, 0) == 0 and got()",
    "read another's memory": "got(str(len(open(f'/proc/{PID}/mem', 'rb').read(1))))",
    "read another's environment": "e = open(f'/proc/{PID}/environ').read(); 'PATH' in e and got()",
    # rights
    "become root": "os.setuid(0); got()",
    "make a user namespace": "libc.unshare(0x10000000) == 0 and got()",
    "mount a folder": "libc.mount(b'none', TMP.encode(), b'tmpfs', 0, 0) == 0 and got()",
    # memory, time, output, disk
    "take memory": "x = [bytearray(1 << 20) for _ in range(4000)]; got()",
    "take memory in many processes": (
        "for _ in range(15):\n"
        "    if os.fork() == 0:\n"
        "        x = bytearray(b'1') * (100 << 20); time.sleep(60); got(); os._exit(0)\n"
        "time.sleep(60); got()"
    ),
    "fill the folder for notes": (
        "for n in range(64):\n    open(f'{TMP}/{n}', 'wb').write(b'x' * (1 << 20))\n    time.sleep(0.05)\ngot()"
    ),
    "take memory that no process owns": (
        "fds = []\n"
        "for n in range(100):\n"
        "    fds.append(os.memfd_create(str(n))); [os.write(fds[-1], b'x' * (1 << 20)) for _ in range(7)]\n"
        "got()"
    ),
    "never end": "while True: pass",
    "sleep for ever": "time.sleep(10**6)",
    "ignore being ended": (
        "import signal\nfor n in range(1, 60):\n    if n not in (9, 19, 32, 33): signal.signal(n, 1)\nwhile True: pass"
    ),
    "print without end": "while True: os.write(2, b'x' * 65536)",
    "report without end": "while True: os.write(REPORT, b'x' * 65536)",
}
HEAD = """
import contextlib, ctypes, os, shutil, site, socket, subprocess, sys, time
libc = ctypes.CDLL(None)
TMP = os.environ["HOME"]
DRIVER = sys.argv[0]
REPORT = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}")) if os.path.exists("/proc/self") else 3
def got(text=""):
    os.write(2, ("MARK " + text).encode())
""".replace("MARK", MARK)


@dataclass(frozen=True, slots=True)
class Outside:
    """What lies outside, and what is looked at afterwards."""

    folder: Path
    secret: str
    port: int
    heard: list[bytes]
    pid: int


@contextlib.contextmanager
def outside(folder: Path) -> Iterator[Outside]:
    """A secret file, listeners on a port, a socket file and an abstract socket, and a process to be left alone."""
    secret = secrets.token_hex(16)
    (folder / "secret").write_text(secret)
    (folder / "secret").chmod(0o644)
    heard: list[bytes] = []
    done = threading.Event()
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = plain.getsockname()[1]
        datagrams = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        datagrams.bind(("127.0.0.1", port))
        named, abstract = (stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2))
        named.bind(str(folder / "socket"))
        (folder / "socket").chmod(0o777)
        abstract.bind(f"\0strati-{secret}")
        for one in (named, abstract):
            one.listen()
        for one in (plain, named, abstract, datagrams):
            one.settimeout(0.05)

        def listen() -> None:
            while not done.is_set():
                for one in (plain, named, abstract):
                    with contextlib.suppress(OSError):
                        connection, _ = one.accept()
                        heard.append(b"a connection")
                        connection.close()
                with contextlib.suppress(OSError):
                    heard.append(datagrams.recv(100))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield Outside(folder, secret, port, heard, os.getpid())
        finally:
            done.set()
            thread.join()


def attempt(name: str, sandbox: Sandbox, world: Outside) -> list[str]:
    """Run one attempt; what got out, in words."""
    names = {
        "SECRET": str(world.folder / "secret"),
        "OUTSIDE": str(world.folder),
        "HOME": str(Path.home()),
        "PORT": world.port,
        "SOCKET": str(world.folder / "socket"),
        "ABSTRACT": f"\0strati-{world.secret}",
        "PID": world.pid,
        "LASTING": LASTING,
    }
    told = "".join(f"{key} = {value!r}\n" for key, value in names.items())
    with tempfile.TemporaryDirectory(prefix="strati-escape-") as folder:
        project = Path(folder, "project")
        project.mkdir(mode=0o755)
        (project / "program.py").write_text("x = 1\n")
        job = driver.job("check", program=HEAD + told, tests=ATTEMPTS[name])
        start = time.monotonic()
        ran = sandbox.run(project, job, LIMITS)
        seconds = time.monotonic() - start
        left = {path.name: path.read_text() for path in project.iterdir()}
        above = [path.name for path in Path(folder).iterdir()]
    found = [] if b'"ready"' in ran.report else ["the program was never run, so nothing is known"]
    said = (ran.printed + ran.report).decode("utf-8", "replace")
    if MARK in said:
        found.append(f"it says so: {said[said.index(MARK) :][:80]!r}")
    if world.secret in said:
        found.append("the secret came out")
    if (world.folder / "secret").read_text() != world.secret:
        found.append("the secret was changed")
    if sorted(path.name for path in world.folder.iterdir()) != ["secret", "socket"]:
        found.append("files appeared or went outside")
    if left != {"program.py": "x = 1\n"} or above != ["project"]:
        found.append("the project was changed")
    if world.heard:
        found.append(f"the network was reached: {world.heard}")
        world.heard.clear()
    if len(said) > LIMITS.output + 1000:
        found.append(f"{len(said)} bytes came out")
    if seconds > LIMITS.seconds + 12:  # ending a crowd of processes takes a while on a busy machine
        found.append(f"it took {seconds:.1f} seconds")
    end = time.monotonic() + 3  # the kernel ends the processes of a closed sandbox one after another
    while lasting() and time.monotonic() < end:
        time.sleep(0.1)
    if lasting():
        found.append("a process is left")
    return found


def lasting() -> list[int]:
    """Processes that an attempt left behind."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if LASTING.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def main() -> int:
    sandbox = find_sandbox(prefer=sys.argv[1:2])
    chosen = list(ATTEMPTS)[:: int(sys.argv[2]) if len(sys.argv) > 2 else 1]
    out = 0
    with tempfile.TemporaryDirectory(prefix="strati-outside-") as folder:
        Path(folder).chmod(0o777)
        with outside(Path(folder)) as world:
            for name in chosen:
                for found in attempt(name, sandbox, world):
                    print(f"{name}: {found}")
                    out += 1
    print(f"{len(chosen)} attempts, user {os.geteuid()}, {sandbox.name}: {out} got out")
    return 1 if out else 0


if __name__ == "__main__":
    sys.exit(main())
