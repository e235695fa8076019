#!/usr/bin/env python3
"""Bad input by the hundred, made from a table: for every operation that the server's own OpenAPI document lists and every field of its
body and query, values that must be refused. Each refusal must be a problem document of the right status that names the field, no
answer may be a 500, and what the server holds must be the same afterwards."""
import argparse, json, os, socket, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from netbit import Count, Server, patient

NIL = "00000000-0000-7000-8000-000000000000"
PATH_VALUES = {"unit_id": NIL, "id": "999999", "name": "no-such-thing", "version": "9.9.9", "login": "nobody-here"}
BAD_TOKENS = (("no token", ""), ("a made-up token", "nbp_" + "x" * 40), ("a broken JWT", "eyJhbGciOiJub25lIn0.e30."), ("a huge token", "x" * 9000))
# Values of strings whose rules the schema does not say.
EXAMPLES = {"scopes": "user", "login": "somebody", "password": "a long enough password", "name": "a-name", "package_name": "a-name", "version": "1.0.0"}
# What no operation may be asked here: they would end the session or the user that the walk uses.
SPARED = {"auth_logout", "me_delete"}


def example(schema, doc):
    """A value that the schema accepts."""
    s = resolve(schema, doc)
    if "default" in s:
        return s["default"]
    if "enum" in s:
        return next(v for v in s["enum"] if v)
    if "oneOf" in s or "anyOf" in s:
        return example((s.get("oneOf") or s.get("anyOf"))[0], doc)
    t = kinds(s)[0]
    if t == "object":
        return {k: EXAMPLES.get(k) or example(v, doc) for k, v in s.get("properties", {}).items() if k in s.get("required", [])}
    if t == "array":
        return [example(s["items"], doc)] * max(1, s.get("minItems", 0))
    if t == "string":
        return {"uuid": NIL, "date-time": "2026-01-01T00:00:00Z", "moment": "-1h", "semver": "1.0.0"}.get(s.get("format")) or "a" * max(1, min(s.get("minLength", 1), 64))
    return {"integer": max(1, s.get("minimum", 1)), "number": 1.5, "boolean": True, "null": None}.get(t)


def resolve(schema, doc):
    while "$ref" in schema:
        at = doc
        for k in schema["$ref"][2:].split("/"):
            at = at[k]
        schema = at
    return schema


def kinds(s):
    t = s.get("type", "any")
    return t if isinstance(t, list) else [t]


def wrong_values(s):
    """Values that a field of this schema must refuse."""
    t = kinds(s)
    if t[0] == "any":
        return []
    all_kinds = {"string": "text", "integer": 7, "number": 7.5, "boolean": True, "array": [[]], "object": {"x": 1}, "null": None}
    for k, v in all_kinds.items():
        if k in t or (k == "integer" and "number" in t) or ("oneOf" in s):
            continue
        yield "a %s" % k, v
    if "string" in t:
        if "maxLength" in s:
            yield "too long", "x" * (s["maxLength"] + 1)
        if s.get("minLength", 0) > 0:
            yield "too short", "x" * (s["minLength"] - 1)
        if "enum" in s:
            yield "an unknown value", "no-such-value"
        if s.get("format") in ("uuid", "date-time", "moment", "semver"):
            yield "not a " + s["format"], "nonsense"
        yield "a NUL inside", "a\0b"
    if "integer" in t:
        yield "a fraction", 1.25
        yield "huge", 10 ** 30
        if "maximum" in s:
            yield "over the maximum", s["maximum"] + 1
        if "minimum" in s:
            yield "under the minimum", s["minimum"] - 1
    if "array" in t and "maxItems" in s and s["maxItems"] < 20000:
        yield "too many items", [example({"type": "string"}, {})] * (s["maxItems"] + 1)


class Walk:
    def __init__(self, server, count):
        self.server, self.count = server, count
        self.token = server.user("mallory")
        self.other = server.user("trent")
        self.doc = server.call("GET", "/api/openapi.json").json
        self.seen = set()
        self.own_errors = self.socket = False

    def path(self, path):
        for k, v in PATH_VALUES.items():
            path = path.replace("{%s}" % k, v)
        return path.replace("{", "").replace("}", "")

    def ask(self, what, want, method, path, body=None, field=None, token=None, headers=None):
        """One request; want is a set of statuses."""
        try:
            a = self.server.call(method, path, body, self.token if token is None else token, headers)
        except OSError as e:
            self.count.check(False, "%s %s, %s: %r" % (method, path, what, e))
            return
        self.seen.add((method, path))
        want = want | {426} if self.socket else want
        where = "%s %s, %s: %r" % (method, path, what, a)
        if not self.count.check(a.status in want, "%s (expected %s)" % (where, sorted(want))) or a.status < 400:
            return
        if self.own_errors:  # a protocol of others: its own form, which still says what is wrong
            self.count.check(a.body and (not field or a.status != 400 or field.encode() in a.body), where + " (must say what is wrong with '%s')" % field)
            return
        ok = a.headers.get("content-type", "").startswith("application/problem+json")
        problem = a.json if ok else {}
        self.count.check(ok and problem.get("status") == a.status and problem.get("code") and problem.get("title"), where + " (not a problem document)")
        if field and a.status == 400:
            got = problem.get("field") or ""
            self.count.check(got == field or got.startswith(field + ".") or got.startswith(field + "[") or got.endswith("." + field) or got.endswith("]." + field),
                             where + " (must name the field '%s')" % field)

    def body_cases(self, method, path, op):
        content = op["requestBody"]["content"]
        if "application/json" not in content:
            return
        schema = content["application/json"]["schema"]
        s = resolve(schema, self.doc)
        if "oneOf" in s:
            s = resolve(s["oneOf"][0], self.doc)
        if "object" not in kinds(s):
            return
        refused = {400, 403, 404, 413}
        good = example(s, self.doc)
        for bad in ["", "{", "[", "nul", "{}}", '{"a":1,}', "{'a':1}", '{"a":01}', "\xef\xbb\xbf{}", "[" * 5000, '{"a":' * 5000, "1e999", '"text"', "null", "true"]:
            if bad == "null" and "null" in kinds(s):
                continue
            self.ask("body %r" % bad[:20], refused | ({200, 201, 204, 409} if bad == "" and not s.get("required") else set()), method, path, bad.encode("latin-1"))
        self.ask("bad UTF-8", refused, method, path, b'{"\xff\xfe": 1}')
        self.ask("an unknown member", refused, method, path, dict(good, no_such_member=1), "no_such_member")
        self.ask("a foreign content type", {415, 403, 404}, method, path, b"<a/>", headers={"Content-Type": "text/xml"})
        for name, f in s.get("properties", {}).items():
            f = resolve(f, self.doc)
            if name in s.get("required", []):
                self.ask("without " + name, refused, method, path, {k: v for k, v in good.items() if k != name}, name)
            for what, value in wrong_values(f):
                self.ask("%s is %s" % (name, what), refused, method, path, dict(good, **{name: value}), name)
            self.ask("%s twice" % name, refused, method, path, '{"%s":%s,"%s":%s}' % (name, json.dumps(example(f, self.doc)), name, json.dumps(example(f, self.doc))))

    def query_cases(self, method, path, op):
        for p in op.get("parameters", []):
            s = resolve(p.get("schema", {}), self.doc)
            if p["in"] == "query":
                for value in {"integer": ["x", "1.5", "9" * 30, "-1", "", "%00"], "boolean": ["maybe"]}.get(kinds(s)[0], []) + (["nonsense"] if "enum" in s or s.get("format") in ("date-time", "moment", "uuid") else []):
                    if value == "-1" and "minimum" not in s:
                        continue
                    self.ask("?%s=%s" % (p["name"], value), {400, 403, 404}, method, path + "?%s=%s" % (p["name"], value), None, p["name"] if value not in ("%00",) else None)
            elif p["in"] == "path" and s.get("format") == "uuid":
                self.ask("a path that is no UUID", {400, 404}, method, path.replace(NIL, "not-a-uuid"))

    def operation(self, method, raw, op):
        path = self.path(raw)
        self.own_errors, self.socket = op.get("x-own-errors", False), "101" in op["responses"]
        public = {} in op.get("security", [{}]) or op.get("security") == []
        for what, token in () if public else BAD_TOKENS:
            self.ask(what, {401, 431}, method, path, {} if "requestBody" in op else None, token=token)
        if op["operationId"] in SPARED:
            return
        if "requestBody" in op:
            self.body_cases(method, path, op)
        self.query_cases(method, path, op)

    def raw(self, what, data, want):
        """Bytes that no HTTP library would send."""
        s = socket.create_connection(("127.0.0.1", self.server.port), patient())
        try:
            s.sendall(data)
            got = s.recv(65536)
        except OSError:
            got = b""
        finally:
            s.close()
        status = int(got.split()[1]) if got.startswith(b"HTTP/1.") else 0
        self.count.check(status in want, "%s: %r" % (what, got[:200]))

    def protocol_cases(self):
        h = b"Host: x\r\nAuthorization: Bearer " + self.token.encode() + b"\r\n"
        post = b"POST /api/spark/packages HTTP/1.1\r\n" + h
        self.raw("two lengths", post + b"Content-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", {400, 0})
        self.raw("length and chunked", post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400, 0})
        self.raw("a negative length", post + b"Content-Length: -1\r\n\r\n", {400, 413, 0})
        self.raw("an overflowing length", post + b"Content-Length: 99999999999999999999999\r\n\r\n", {400, 413, 0})
        self.raw("a body announced too large", post + b"Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n", {413})
        self.raw("a header of 100 KB", b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100000 + b"\r\n\r\n", {431, 400, 413, 0})
        self.raw("a path of 100 KB", b"GET /" + b"y" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414, 431, 400, 0})
        self.raw("no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400, 0})
        self.raw("an unknown method", b"BREW /health HTTP/1.1\r\nHost: x\r\n\r\n", {405, 501, 400})
        for p in ("/..%2f..%2fetc/passwd", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/api/spark/packages/..%2f..%2fx", "/api/spark/packages/%00", "/%ff%fe", "//health", "/api/spark/packages/a%2fb"):
            self.raw("path " + p, b"GET " + p.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404})

    def state(self):
        out = []
        for path in ("/api/spark/packages?limit=100", "/api/spark/units", "/api/v1/projects", "/api/v1/tokens"):
            for token in (self.token, self.other):
                out.append(self.server.call("GET", path, token=token).body)
        return out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--binary", default="build/netbit")
    p.add_argument("--database", default="sqlite")
    a = p.parse_args()
    count = Count()
    with Server(a.binary, a.database) as server:
        walk = Walk(server, count)
        before = walk.state()
        for path, item in walk.doc["paths"].items():
            for method, op in item.items():
                if "operationId" in op:
                    walk.operation(method.upper(), path, op)
        walk.protocol_cases()
        count.check(walk.state() == before, lambda: "what the server holds has changed: %r instead of %r" % (walk.state(), before))
        count.check(server.call("GET", "/ready").status == 200, "the server is not ready afterwards")
        print("%d operations asked" % len(walk.seen))
    count.finish()


if __name__ == "__main__":
    main()
