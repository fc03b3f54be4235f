"""Changes bytes of a drive behind Ceph's back. Reads lines from standard input, writes a line for each byte that it looked at.

  rot.py find    lines: FILE HEX        turns over the first byte of every block of FILE that begins with these bytes
  rot.py back    lines: FILE OFFSET OLD NEW    sets OLD where NEW still stands

Prints FILE OFFSET OLD NEW, all as they were read. The files are sparse: only what was ever written is looked through. What a
drive has had to write again stays where it was, so that more than one block may begin alike; each is changed.
"""
import os
import sys

BLOCK = 4096
STEP = 1024 * BLOCK


def extents(fd):
    end = os.fstat(fd).st_size
    at = 0
    while at < end:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            return
        at = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, at


def hits(fd, needles):
    """Needles of one length; the block's beginning is looked up, not searched."""
    length = len(next(iter(needles)))
    for start, end in extents(fd):
        for base in range(start, end, STEP):
            data = os.pread(fd, min(STEP, end - base), base)
            for at in range(0, len(data), BLOCK):
                if data[at : at + length] in needles:
                    yield base + at


def put(fd, offset, byte):
    os.pwrite(fd, bytes([byte]), offset)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    return os.pread(fd, 1, offset)[0]


def find(lines):
    wanted = {}
    for path, needle in lines:
        wanted.setdefault(path, {})[bytes.fromhex(needle)] = needle
    for path, needles in wanted.items():
        fd = os.open(path, os.O_RDWR)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        for offset in list(hits(fd, needles)):
            first = os.pread(fd, len(next(iter(needles))), offset)
            print(path, needles[first], offset, first[0], put(fd, offset, first[0] ^ 255))


def back(lines):
    for path, offset, old, new in lines:
        fd = os.open(path, os.O_RDWR)
        now = os.pread(fd, 1, int(offset))[0]
        if now == int(new):
            print(path, offset, now, put(fd, int(offset), int(old)))


{"find": find, "back": back}[sys.argv[1]]([line.split() for line in sys.stdin])
