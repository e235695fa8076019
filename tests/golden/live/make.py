#!/usr/bin/env python3
"""Writes the golden frames from their descriptions: for every NAME.json in this folder, NAME.bin.

A description is {"doc", "frames": [...]}, or {"doc", "hex", "bad": true} for bytes that every reader must refuse. It is a twin of
the writer in src/net/frame.c on purpose: written a second time, from docs/live-protocol.md. null is NaN.
"""
import glob, json, math, os, struct

KINDS = ["", "append", "snapshot", "buckets", "spark", "lines", "gap"]
TYPES = {"f32": (1, "f"), "f64": (2, "d"), "i16": (3, "h"), "i32": (4, "i"), "u8": (5, "B"), "u32": (6, "I")}
FLAGS = {"regular": 1, "backfill": 2, "last": 4}


def frame(f):
    columns = f.get("columns", [])
    types = bytes(TYPES[c["type"]][0] for c in columns)
    out = struct.pack("<BBHIIIqdB7s", 1, KINDS.index(f["kind"]), sum(FLAGS[x] for x in f.get("flags", [])), f["chan"], f["seq"], f["rows"],
                      f["t0"], f["dt"], len(columns), types)
    for c in columns:
        values = [math.nan if v is None else v for v in c["values"]]
        assert len(values) == f["rows"]
        data = struct.pack("<%d%s" % (len(values), TYPES[c["type"]][1]), *values)
        out += data + bytes(-len(data) % 8)
    return out


here = os.path.dirname(os.path.abspath(__file__))
for path in sorted(glob.glob(os.path.join(here, "*.json"))):
    with open(path, encoding="utf-8") as f:
        d = json.load(f)
    data = bytes.fromhex(d["hex"]) if d.get("bad") else b"".join(frame(x) for x in d["frames"])
    with open(path[:-5] + ".bin", "wb") as f:
        f.write(data)
