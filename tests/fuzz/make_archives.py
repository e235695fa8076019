#!/usr/bin/env python3
"""Writes the corpus of fuzz-archive: sound and hostile archives, each named by what it is."""
import gzip, io, os, subprocess, sys, tarfile

out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "archive")


def tar(*entries, fmt=tarfile.USTAR_FORMAT):
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode="w", format=fmt) as t:
        for name, kind, extra in entries:
            i = tarfile.TarInfo(name)
            i.type = kind
            data = b""
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                i.linkname = extra
            elif kind == tarfile.REGTYPE:
                data = extra
                i.size = len(data)
            else:
                i.mode = extra or 0o644
            t.addfile(i, io.BytesIO(data))
    data = b.getvalue().rstrip(b"\0")
    return data + b"\0" * (-len(data) % 512 + 1024)  # two empty blocks end it; the rest is padding


R, S, H, D = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
cases = {
    "sound": tar(("a/", D, 0o755), ("a/main.js", R, b"1\n"), ("bin/x", R, b"#!/bin/sh\n"), ("l", S, "a/main.js"), ("h", H, "bin/x")),
    "parent": tar(("../evil", R, b"x")),
    "parent-middle": tar(("a/../../evil", R, b"x")),
    "absolute": tar(("/evil", R, b"x")),
    "dot": tar(("./a/./b", R, b"x")),
    "empty-name": tar(("a//b", R, b"x")),
    "link-up": tar(("l", S, "../x"), ("l/y", R, b"x")),
    "link-absolute": tar(("l", S, "/etc"), ("l/passwd", R, b"x")),
    "link-then-file": tar(("l", S, "."), ("l/y", R, b"x")),
    "link-climbs": tar(("a/b/d", S, "../.."), ("e", S, "a/b/d/.."), ("x", R, b"x")),
    "link-loop": tar(("a", S, "b"), ("b", S, "a"), ("x", R, b"x")),
    "hard-out": tar(("h", H, "../../etc/passwd")),
    "hard-absolute": tar(("h", H, "/etc/passwd")),
    "hard-to-link": tar(("s", S, "x"), ("h", H, "s")),
    "hard-self": tar(("h", H, "h")),
    "twice": tar(("a", R, b"1"), ("a", R, b"2")),
    "file-as-folder": tar(("a", R, b"1"), ("a/b", R, b"2")),
    "folder-as-file": tar(("a/b", R, b"1"), ("a", R, b"2")),
    "device": tar(("c", tarfile.CHRTYPE, 0)),
    "block": tar(("c", tarfile.BLKTYPE, 0)),
    "pipe": tar(("p", tarfile.FIFOTYPE, 0)),
    "deep": tar(("/".join("abcdefghijkl"), R, b"x")),
    "long-name-gnu": tar(("n" * 250 + "/x", R, b"x"), fmt=tarfile.GNU_FORMAT),
    "long-name-pax": tar(("имя" * 60, R, b"x"), fmt=tarfile.PAX_FORMAT),
    "too-long": tar(("n/" * 400 + "x", R, b"x"), fmt=tarfile.PAX_FORMAT),
    "many": tar(*[("f%d" % i, R, b"") for i in range(38)]),
    "empty": b"",
    "zeros": b"\0" * 1024,
}
cases["cut"] = cases["sound"][:700]
cases["gzip"] = gzip.compress(cases["sound"], mtime=0)
cases["gzip-cut"] = cases["gzip"][:-20]
cases["gzip-bomb"] = gzip.compress(tar(("z", R, b"")).replace(b"00000000000\0", b"00010000000\0", 1) + b"\0" * (2 << 20), 9, mtime=0)
cases["gzip-twice"] = gzip.compress(cases["gzip"], mtime=0)


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c", "-19"], input=data, capture_output=True, check=True).stdout


cases["zstd"] = zstd(cases["sound"])
cases["zstd-hostile"] = zstd(cases["link-climbs"])
cases["zstd-cut"] = cases["zstd"][:-9]
bad = bytearray(cases["sound"])
bad[150] ^= 7
cases["bad-sum"] = bytes(bad)
os.makedirs(out, exist_ok=True)
for name, data in cases.items():
    open(os.path.join(out, name), "wb").write(data)
print("%d archives, %d bytes" % (len(cases), sum(map(len, cases.values()))))
