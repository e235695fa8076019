#!/usr/bin/env python3
"""Runs the API scenarios (tests/api/*.api) against a fresh real server, once per file.

A scenario is text: steps of a request, an expected status and what the answer must contain.

    == the author publishes                      a step's name
    as alice                                     whose token goes with the following requests; "as nobody" sends none
    POST /api/spark/packages                     request line; a body may follow (JSON, or <<< raw text)
    {"name": "sipd"}
    => 201                                       status ("=> 400 own form": an error that is no problem document); JSON that the answer must contain may follow
    {"name": "sipd", "id": "<int>"}
    => header ETag ".*"                          further headers, by regular expression
    let pid = id                                 keeps a member ("packages.0.id") for ${pid}
    let c = header Set-Cookie ^([^;]*)           keeps what the group found in a header

Wildcards: "<int>", "<num>", "<str>", "<bool>", "<uuid>", "<time>", "<any>", "<absent>", "<re:...>". Objects may have more members than
asked for; lists must have as many items. Users named by "as" are registered at first use; "as admin" is the administrator.
"""
import argparse, glob, json, os, re, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from netbit import Count, Server

WILD = {"<int>": lambda v: isinstance(v, int) and not isinstance(v, bool), "<num>": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
        "<str>": lambda v: isinstance(v, str), "<bool>": lambda v: isinstance(v, bool), "<any>": lambda v: True,
        "<uuid>": lambda v: isinstance(v, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", v),
        "<time>": lambda v: isinstance(v, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", v)}


def differs(want, got, path="$"):
    """Why got does not contain want, or None."""
    if isinstance(want, str) and want in WILD:
        return None if WILD[want](got) else "%s: %r is not %s" % (path, got, want)
    if isinstance(want, str) and want.startswith("<re:") and want.endswith(">"):
        return None if isinstance(got, str) and re.search(want[4:-1], got) else "%s: %r does not match %s" % (path, got, want)
    if isinstance(want, dict):
        if not isinstance(got, dict):
            return "%s: %r is not an object" % (path, got)
        for k, v in want.items():
            if v == "<absent>":
                if k in got:
                    return "%s.%s must be absent" % (path, k)
            elif k not in got:
                return "%s.%s is missing" % (path, k)
            else:
                why = differs(v, got[k], path + "." + k)
                if why:
                    return why
        return None
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return "%s: %r has not %d items" % (path, got, len(want))
        return next((w for w in (differs(a, b, "%s[%d]" % (path, i)) for i, (a, b) in enumerate(zip(want, got))) if w), None)
    return None if want == got and type(want) is type(got) else "%s: %r instead of %r" % (path, got, want)


def pick(value, path):
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


class Scenario:
    def __init__(self, path, server, count):
        self.path, self.server, self.count = path, server, count
        self.vars = {"base": server.url, "https_base": server.url.replace("http:", "https:")}
        self.tokens, self.who, self.name = {}, "nobody", ""
        self.answer = None

    def token(self, who):
        if who == "nobody":
            return None
        if who.startswith("token "):
            return self.vars[who[6:]]
        if who not in self.tokens:
            self.tokens[who] = self.server.login() if who == "admin" else self.server.user(who)
        return self.tokens[who]

    def fill(self, text):
        return re.sub(r"\$\{(\w+)\}", lambda m: str(self.vars[m[1]]), text)

    def verify(self, ok, line, why):
        self.count.check(ok, lambda: "%s:%d (%s): %s\n    answer: %r" % (self.path, line, self.name, why, self.answer))

    def request(self, line, body, headers):
        method, path = line.split(" ", 1)
        raw = body[4:] if body and body.startswith("<<< ") else body
        self.answer = self.server.call(method, path, raw if raw else None, self.token(self.who), headers)

    def run(self):
        lines = open(self.path, encoding="utf-8").read().split("\n")
        i = 0

        def block():
            nonlocal i
            out = []
            while i < len(lines) and lines[i].strip() and not re.match(r"(=>|==|let |as |with |GET |POST |PUT |PATCH |DELETE |HEAD |OPTIONS |#)", lines[i]):
                out.append(lines[i])
                i += 1
            return self.fill("\n".join(out)).strip()

        headers = {}
        while i < len(lines):
            line, at = self.fill(lines[i].strip()), i + 1
            i += 1
            if not line or line.startswith("#"):
                continue
            if line.startswith("== "):
                self.name = line[3:]
            elif line.startswith("as "):
                self.who = line[3:]
            elif line.startswith("with "):
                k, v = line[5:].split(":", 1)
                headers[k.strip()] = v.strip()
            elif line.startswith("let "):
                k, path = line[4:].split("=", 1)
                if path.strip().startswith("header "):
                    name, pattern = path.strip()[7:].split(" ", 1)
                    found = re.search(pattern, self.answer.headers.get(name.lower(), ""))
                    self.verify(found, at, "header %s: %r" % (name, self.answer.headers.get(name.lower())))
                    if not found:
                        return
                    self.vars[k.strip()] = found[1]
                    continue
                try:
                    self.vars[k.strip()] = pick(self.answer.json, path.strip())
                except (KeyError, IndexError, ValueError, TypeError):
                    self.verify(False, at, "no member " + path)
                    return
            elif line.startswith("=> header "):
                k, v = line[10:].split(" ", 1)
                self.verify(re.search(v.strip().strip('"'), self.answer.headers.get(k.lower(), "")), at, "header %s: %r" % (k, self.answer.headers.get(k.lower())))
            elif line.startswith("=> "):
                want = int(line[3:].split()[0])
                self.verify(self.answer.status == want, at, "status %d instead of %d" % (self.answer.status, want))
                if want >= 400 and not line.endswith(" own form"):
                    self.verify(self.answer.headers.get("content-type", "").startswith("application/problem+json"), at, "not a problem document")
                text = block()
                if text:
                    try:
                        why = differs(json.loads(text), self.answer.json)
                    except ValueError as e:
                        why = "not JSON: %s" % e
                    self.verify(not why, at, why)
            else:
                self.request(line, block(), headers)
                headers = {}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--binary", default="build/netbit")
    p.add_argument("--database", default="sqlite")
    p.add_argument("files", nargs="*")
    a = p.parse_args()
    count = Count()
    for path in a.files or sorted(glob.glob(os.path.join(os.path.dirname(__file__), "*.api"))):
        server = Server(a.binary, a.database)
        try:
            with server:
                Scenario(path, server, count).run()
        except (RuntimeError, OSError, AssertionError) as e:
            count.check(False, "%s: %s" % (path, e))
    count.finish()


if __name__ == "__main__":
    main()
