#!/usr/bin/env python3
"""The live channel against a real server, as a page and as curl use it: a cookie signs in, points of a series arrive once they are durable,
a socket of another origin is refused, a killed server is noticed and resumed from, a session that ends takes its socket along."""
import argparse, json, os, re, struct, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from netbit import Count, Server, patient, wait_for
from ws import Socket


def frame(data):
    kind, flags, chan, seq, rows, t0, dt, ncol = struct.unpack_from("<xBHIIIqdB", data)
    return {"kind": kind, "flags": flags, "chan": chan, "seq": seq, "rows": rows, "t0": t0, "dt": dt, "ncol": ncol}


def page(server, login):
    """Signs in as the page does; returns the headers that its requests carry."""
    a = server.call("POST", "/api/v1/auth/register", {"login": login, "password": "password of " + login}, headers={"X-Requested-By": "netbit-web", "Origin": server.url})
    assert a.status == 201, a
    return {"Cookie": a.headers["set-cookie"].split(";")[0], "X-Requested-By": "netbit-web", "Origin": server.url}


def points(t, values):
    return {"series": [{"name": "speed", "unit": "m/s", "points": [[t + i * 1000, v] for i, v in enumerate(values)]}]}


def walk(server, check):
    me = page(server, "lena")
    now = int(time.time() * 1e6) - 5_000_000
    a = server.call("POST", "/api/v1/telemetry", points(now, [1, 2, 3]), headers=me)
    check(a.status == 200, lambda: "telemetry: %r" % a)
    a = server.call("GET", "/api/v1/series?name=speed", headers=me)
    series = a.json["items"][0]["id"]
    topic = "series/%d" % series

    check(Socket(server, dict(me, Origin="http://evil.example")).status == 403, "a page of another origin opened the socket")
    check(Socket(server, {"Cookie": me["Cookie"]}).status == 403, "a cookie without an Origin opened the socket")
    ws = Socket(server, me)
    check(ws.status == 101 and "Sec-WebSocket-Protocol: live.v1" in ws.head, lambda: ws.head)
    check(ws.hear()["op"] == "hello", "no hello")
    ws.say(op="sub", id=1, topic=topic, window=60, px=500, maxHz=30)
    ok = ws.hear()
    check(ok["op"] == "sub.ok" and ok["schema"]["unit"] == "m/s", lambda: "sub.ok: %r" % ok)
    f = frame(ws.hear())
    check(f["kind"] == 2 and f["rows"] == 3 and f["flags"] & 4 and f["t0"] == now, lambda: "snapshot: %r" % f)
    began = time.monotonic()
    server.call("POST", "/api/v1/telemetry", points(now + 10_000, [4, 5]), headers=me)
    f = frame(ws.hear())
    check(f["kind"] == 1 and f["rows"] == 2 and f["chan"] == ok["chan"], lambda: "append: %r" % f)
    print("write to page: %.1f ms" % ((time.monotonic() - began) * 1000), flush=True)

    stranger = Socket(server, page(server, "max"))
    stranger.hear()
    stranger.say(op="sub", id=5, topic=topic)
    err = stranger.hear()
    check(err["op"] == "err" and err["id"] == 5 and err["code"] == "not_found", lambda: "a stranger's: %r" % err)

    curl = subprocess.Popen(["curl", "-sN", "-H", "Cookie: " + me["Cookie"], "-H", "Accept: application/x-ndjson", server.url + "/api/v1/live/follow?topic=" + topic], stdout=subprocess.PIPE)
    os.set_blocking(curl.stdout.fileno(), False)

    def heard():  # it may not listen yet
        server.call("POST", "/api/v1/telemetry", points(int(time.time() * 1e6), [6]), headers=me)
        return curl.stdout.readline()

    line = wait_for("curl hears a point", heard)
    curl.kill()
    curl.wait()
    check(line and json.loads(line)["data"][0][1] == 6, lambda: "curl heard %r" % line)

    own = Socket(server, me)
    own.hear()
    own.say(op="sub", id=7, topic="me")
    check(own.hear()["op"] == "sub.ok", "no notices of one's own")
    token = server.call("POST", "/api/v1/tokens", {"name": "ci", "scopes": "package:read"}, headers=me).json["id"]
    notice = own.hear()
    check(notice["op"] == "evt" and {k: notice["data"][k] for k in ("kind", "id", "name", "by")} == {"kind": "token.made", "id": token, "name": "ci", "by": "lena"},
          lambda: "the notice: %r" % notice)
    figures = server.call("GET", "/metrics").body.decode()
    check(all(re.search(r"^netbit_live_%s [1-9]" % name, figures, re.M) for name in ("clients", "topics", "subscriptions", "events_total", "frames_total", "bytes_total")),
          lambda: "figures of the channel: %r" % re.findall(r"^netbit_live_.*", figures, re.M))

    server.kill()
    try:
        while True:
            if isinstance(ws.hear(), int):
                break
    except (EOFError, OSError):
        pass
    server.start()
    ws = Socket(server, me)  # still signed in
    check(ws.hear()["op"] == "hello", "no hello after the restart")
    ws.say(op="sub", id=2, topic=topic, window=60, **{"from": {"epoch": ok["epoch"], "seq": f["seq"]}})
    again = ws.hear()
    check(again["op"] == "sub.ok" and again["epoch"] != ok["epoch"], lambda: "after the restart: %r" % again)
    check(ws.hear()["op"] == "resync", "no resync")
    f = frame(ws.hear())
    check(f["kind"] == 2 and f["rows"] >= 6, lambda: "snapshot after the restart: %r" % f)

    a = server.call("POST", "/api/v1/auth/logout", {}, headers=me)
    check(a.status == 204, lambda: "logout: %r" % a)
    began = time.monotonic()
    got = ws.hear()
    while not isinstance(got, int):
        got = ws.hear()
    check(got == 4401, lambda: "the session's socket: %r" % got)
    print("the socket of a session that ends: closed after %.2f s" % (time.monotonic() - began), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", default="build")
    p.add_argument("--database", default="sqlite")
    a = p.parse_args()
    count = Count()
    with Server(os.path.join(a.build, "netbit"), a.database) as server:
        walk(server, count.check)
    count.finish()


if __name__ == "__main__":
    main()
