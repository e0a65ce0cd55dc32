"""System calls that programs in the sandbox do not get: a filter in the kernel's own small language.

It is a second wall behind the namespaces: no new namespaces, mounts, kernel keys, tracing of other processes, nor the
calls through which memory would be taken that no limit counts. The form of the instructions is that of the kernel's
`Documentation/userspace-api/seccomp_filter.rst`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NOT_PERMITTED, _NOT_THERE = 0x00050000 | 1, 0x00050000 | 38  # EPERM, ENOSYS
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_X32 = 0x40000000


@dataclass(frozen=True, slots=True)
class _Machine:
    audit: int
    clone: int
    denied: dict[str, int]


_X86_64 = _Machine(
    0xC000003E,
    56,
    {
        "shmget": 29,
        "msgget": 68,
        "semget": 64,
        "ptrace": 101,
        "personality": 135,
        "pivot_root": 155,
        "chroot": 161,
        "acct": 163,
        "mount": 165,
        "umount2": 166,
        "swapon": 167,
        "swapoff": 168,
        "reboot": 169,
        "sethostname": 170,
        "setdomainname": 171,
        "iopl": 172,
        "ioperm": 173,
        "init_module": 175,
        "delete_module": 176,
        "quotactl": 179,
        "lookup_dcookie": 212,
        "mq_open": 240,
        "kexec_load": 246,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "fanotify_init": 300,
        "name_to_handle_at": 303,
        "open_by_handle_at": 304,
        "setns": 308,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "kcmp": 312,
        "finit_module": 313,
        "memfd_create": 319,
        "kexec_file_load": 320,
        "bpf": 321,
        "userfaultfd": 323,
        "io_uring_setup": 425,
        "io_uring_enter": 426,
        "io_uring_register": 427,
        "open_tree": 428,
        "move_mount": 429,
        "fsopen": 430,
        "fsconfig": 431,
        "fsmount": 432,
        "fspick": 433,
        "clone3": 435,
        "pidfd_getfd": 438,
        "mount_setattr": 442,
        "memfd_secret": 447,
    },
)
_AARCH64 = _Machine(
    0xC00000B7,
    220,
    {
        "shmget": 194,
        "msgget": 186,
        "semget": 190,
        "ptrace": 117,
        "personality": 92,
        "pivot_root": 41,
        "chroot": 51,
        "acct": 89,
        "mount": 40,
        "umount2": 39,
        "swapon": 224,
        "swapoff": 225,
        "reboot": 142,
        "sethostname": 161,
        "setdomainname": 162,
        "init_module": 105,
        "delete_module": 106,
        "quotactl": 60,
        "lookup_dcookie": 18,
        "mq_open": 180,
        "kexec_load": 104,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "unshare": 97,
        "perf_event_open": 241,
        "fanotify_init": 262,
        "name_to_handle_at": 264,
        "open_by_handle_at": 265,
        "setns": 268,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "kcmp": 272,
        "finit_module": 273,
        "memfd_create": 279,
        "bpf": 280,
        "userfaultfd": 282,
        "kexec_file_load": 294,
        "io_uring_setup": 425,
        "io_uring_enter": 426,
        "io_uring_register": 427,
        "open_tree": 428,
        "move_mount": 429,
        "fsopen": 430,
        "fsconfig": 431,
        "fsmount": 432,
        "fspick": 433,
        "clone3": 435,
        "pidfd_getfd": 438,
        "mount_setattr": 442,
        "memfd_secret": 447,
    },
)
_MACHINES = {"x86_64": _X86_64, "aarch64": _AARCH64, "arm64": _AARCH64}
_NOT_THERE_CALLS = ("clone3", "memfd_create", "io_uring_setup")  # libraries know another way where these are missing


def known(machine: str) -> bool:
    """Whether there is a filter for a processor, named as `platform.machine()` does."""
    return machine in _MACHINES


def program(machine: str) -> bytes:
    """The filter for a processor, as the kernel takes it.

    >>> len(program("x86_64")) % 8
    0
    """
    chosen = _MACHINES[machine]
    code = [_step(_LOAD, 4), _step(_EQUAL, chosen.audit, 1), _step(_RETURN, _KILL), _step(_LOAD, 0)]
    if chosen is _X86_64:
        code += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _KILL)]
    for name, number in chosen.denied.items():
        code += [
            _step(_EQUAL, number, 0, 1),
            _step(_RETURN, _NOT_THERE if name in _NOT_THERE_CALLS else _NOT_PERMITTED),
        ]
    code += [_step(_EQUAL, chosen.clone, 0, 3), _step(_LOAD, 16)]  # clone's flags are its first argument
    code += [_step(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _step(_RETURN, _NOT_PERMITTED), _step(_RETURN, _ALLOW)]
    return b"".join(code)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
