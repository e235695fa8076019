#!/usr/bin/env python3
"""Real programs write telemetry into a real server, and what they sent is read back.

Debian's prometheus in agent mode (remote write), Debian's influx 1.6 shell (line protocol: INSERT and -import), InfluxDB 2's JavaScript client, curl as Telegraf's two outputs and an OpenTelemetry
exporter speak, PyPI's clients of InfluxDB 1, 2 and 3 and OpenTelemetry's exporter, and the Python of docs/wire-points.md.

usage: tests/clients/writers.py [--build DIR] [--database sqlite|postgres]
"""
import argparse, gzip, http.server, json, os, re, struct, subprocess, sys, tempfile, threading, time, urllib.parse
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from netbit import Count, Server, free_port, patient, wait_for

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Store:
    """What has arrived, by name and labels."""

    def __init__(self, server, token):
        self.server, self.token = server, token

    def get(self, path):
        a = self.server.call("GET", path, None, self.token)
        assert a.status == 200, (path, a)
        return a.json

    def find(self, name, **labels):
        q = [("name", name)] + [("label." + k, v) for k, v in labels.items()]
        return self.get("/api/v1/series?" + urllib.parse.urlencode(q))["items"]

    def points(self, name, **labels):
        found = self.find(name, **labels)
        if len(found) != 1:
            return None
        return self.get("/api/v1/series/%d/points?from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z" % found[0]["id"])["points"]


class Target(threading.Thread):
    """Something for prometheus to scrape: a counter that rises by one each time."""

    def __init__(self):
        super().__init__(daemon=True)
        target, self.scrapes = self, 0

        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                target.scrapes += 1
                body = ("# HELP shop_orders_total Orders.\n# TYPE shop_orders_total counter\n"
                        'shop_orders_total{shop="north \\"1\\"",kind="\u0447\u0430\u0439"} %d\nshop_open 1\n' % target.scrapes).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.port = self.http.server_address[1]

    def run(self):
        self.http.serve_forever(0.05)

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


def run_prometheus(folder, server, token, target):
    config = os.path.join(folder, "prometheus.yml")
    with open(config, "w") as f:
        f.write("global: {scrape_interval: 1s, external_labels: {site: lab}}\n"
                "scrape_configs: [{job_name: shop, static_configs: [{targets: ['127.0.0.1:%d']}]}]\n"
                "remote_write: [{url: '%s/api/v1/write', authorization: {credentials: %s}, queue_config: {batch_send_deadline: 200ms}}]\n"
                % (target.port, server.url, token))
    log = open(os.path.join(folder, "prometheus.log"), "wb")
    return subprocess.Popen(["prometheus", "--enable-feature=agent", "--config.file=" + config, "--storage.agent.path=" + os.path.join(folder, "agent"),
                             "--web.listen-address=127.0.0.1:%d" % free_port()], stdout=log, stderr=log)


def prometheus(count, store, token):
    target = Target()
    target.start()
    with tempfile.TemporaryDirectory() as folder:
        p = run_prometheus(folder, store.server, token, target)
        try:
            labels = {"shop": 'north "1"', "kind": "\u0447\u0430\u0439", "job": "shop", "site": "lab"}
            got = wait_for("samples of prometheus", lambda: len(store.points("shop_orders_total", **labels) or ()) >= 4 and store.points("shop_orders_total", **labels))
            values = [v for _, v in got]
            count.check(values == list(range(int(values[0]), int(values[0]) + len(values))), "the counter's samples in order, none missing: %r" % values)
            count.check(all(v == 1 for _, v in store.points("up", job="shop", site="lab")), "up is 1")
            target.stop()
            wait_for("the target's end", lambda: store.points("up", job="shop", site="lab")[-1][1] == 0)
            last = wait_for("the stale marker", lambda: (store.points("shop_open", job="shop") or [[0, 0]])[-1][1] is None)
            count.check(last, "a series that ends is marked by a gap")
        finally:
            p.terminate()
            p.wait()
        log = open(os.path.join(folder, "prometheus.log")).read()
        count.check("server returned HTTP status" not in log and "non-recoverable" not in log, "prometheus saw no error:\n" + log[-2000:])


def influx(server, token, *args, stdin=None):
    return subprocess.run(["influx", "-host", "127.0.0.1", "-port", str(server.port), "-username", "writer", "-password", token] + list(args),
                          input=stdin, capture_output=True, text=True, timeout=patient())


def influx_shell(count, store, token):
    r = influx(store.server, token, "-database", "plant", "-execute", "INSERT boiler,hall=a\\ b temp=81.5,on=true,n=3i,note=\"warm\" 1700000000000000000")
    count.check(r.returncode == 0 and "ERR" not in r.stdout + r.stderr, "INSERT: %r" % r)
    count.check(store.points("boiler_temp", hall="a b", db="plant") == [[1700000000000000, 81.5]], "INSERT stored a double")
    count.check(store.points("boiler_on", hall="a b") == [[1700000000000000, 1]], "INSERT stored a truth")
    count.check(store.points("boiler_n", hall="a b") == [[1700000000000000, 3]], "INSERT stored an integer")
    count.check(store.points("boiler_note", hall="a b") == [[1700000000000000, "warm"]], "INSERT stored a text")
    r = influx(store.server, token, "-database", "plant", "-execute", "INSERT boiler temp=hot")
    count.check("unable to parse" in r.stdout + r.stderr, "a bad line is told: %r" % r)
    r = influx(store.server, "wrong", "-database", "plant", "-execute", "INSERT boiler temp=1")
    count.check("ERR" in r.stdout + r.stderr, "a wrong password is refused: %r" % r)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
        f.write("# DDL\nCREATE DATABASE mill\n\n# DML\n# CONTEXT-DATABASE: mill\n\n")
        f.writelines("saw,line=%d speed=%d.5 %d\n" % (i % 7, i, 1700000000 + i // 7) for i in range(7000))
        f.flush()
        r = influx(store.server, token, "-import", "-path", f.name, "-precision", "s")
    text = r.stdout + r.stderr
    count.check(r.returncode == 0 and "Failed 0 inserts" in text, "-import: %s" % text[-600:])
    got = [p for i in range(7) for p in store.points("saw_speed", line=str(i), db="mill") or ()]
    count.check(len(got) == 7000 and sum(v for _, v in got) == sum(i + 0.5 for i in range(7000)), "-import: 7000 points with their values, got %d" % len(got))


def curl(*args, data=None):
    r = subprocess.run(["curl", "-sS", "-o", "/dev/stderr", "-w", "%{http_code}", "--data-binary", "@-"] + list(args), input=data, capture_output=True, timeout=patient())
    return int(r.stdout or 0), r.stderr


def telegraf(count, store, token):
    """As Telegraf's outputs influxdb and influxdb_v2 do: gzip, their headers, their first question."""
    url = store.server.url
    status, body = curl(url + "/query", "-u", "telegraf:" + token, "-H", "Content-Type: application/x-www-form-urlencoded", data=b"q=CREATE+DATABASE+%22telegraf%22")
    count.check(status == 200 and "error" not in json.loads(body)["results"][0], "CREATE DATABASE: %d %r" % (status, body))
    lines = b"mem,host=h1 used_percent=41.5,total=16777216i 1700000000000000000\n"
    status, body = curl(url + "/write?db=telegraf&consistency=any", "-u", "telegraf:" + token, "-H", "Content-Encoding: gzip", data=gzip.compress(lines))
    count.check((status, body) == (204, b""), "/write: %d %r" % (status, body))
    count.check(store.points("mem_used_percent", host="h1", db="telegraf") == [[1700000000000000, 41.5]], "/write stored it")
    v2 = [url + "/api/v2/write?bucket=telegraf&org=x&precision=ns", "-H", "Authorization: Token " + token, "-H", "Content-Encoding: gzip"]
    status, body = curl(*v2, data=gzip.compress(lines.replace(b"41.5", b"42.5")))
    count.check((status, body) == (204, b""), "/api/v2/write: %d %r" % (status, body))
    count.check(store.points("mem_used_percent", host="h1", db="telegraf") == [[1700000000000000, 42.5]], "the same time again: the last one wins")
    status, body = curl(*v2, data=gzip.compress(b"mem used=\n" + lines))
    count.check(status == 400 and json.loads(body)["code"] == "invalid", "a bad line: %d %r" % (status, body))
    status, body = curl(url + "/write?db=telegraf&p=%s&u=node-red&rp=&precision=n" % token, data=b"flow,node=n1 rate=1.5 1700000000000000000")
    count.check((status, body) == (204, b""), "/write as node-red's client asks: %d %r" % (status, body))
    status, body = curl(url + "/api/live/push/line_1?gf_live_frame_format=labels_column", "-H", "Authorization: Bearer " + token, data=lines)
    count.check((status, body) == (200, b""), "Grafana Live, as Telegraf's output http pushes: %d %r" % (status, body))
    count.check(store.points("mem_used_percent", host="h1", stream="line_1") == [[1700000000000000, 41.5]], "the push stored it under its stream")
    status, body = curl(v2[0], "-H", "Authorization: Token nbp_no", data=lines)
    count.check(status == 401 and json.loads(body)["code"] == "unauthorized", "a wrong token: %d %r" % (status, body))


def influx_client(count, store, token):
    """The client of InfluxDB 2 in JavaScript, as npm has it: batches, gzip, its errors; and the health that its relatives ask for first."""
    subprocess.run([os.path.join(ROOT, "tests", "npm", "install")], check=True, timeout=300)
    node = subprocess.run([os.path.join(ROOT, "tools", "node")], check=True, capture_output=True, text=True, timeout=300).stdout.split("\n")[0]
    r = subprocess.run([node, os.path.join(ROOT, "tests", "clients", "influx2.mjs"), store.server.url, token], capture_output=True, text=True, timeout=120)
    got = json.loads(r.stdout)
    count.check(got == {"written": None, "refused": {"status": 400, "code": "invalid"}, "unknown": {"status": 401, "code": "unauthorized"}}, "its client: %r" % r)
    t = 1700000000000000
    count.check(store.points("press_bar", hall="a b", n="1", db="plant") == [[t + i * 1000, i / 8] for i in range(1000)], "its client wrote doubles")
    count.check(store.points("press_count", hall="a b", n="1", db="plant") == [[t + i * 1000, i] for i in range(1000)], "its client wrote integers")
    health = store.get("/health")
    count.check(health["status"] == "pass" and {"name", "message", "version"} <= set(health), "health: %r" % health)


PYTHON_SAID = {
    "influxdb1": {"ping": "1.8.10", "databases": [{"name": "py1"}], "create": None, "policy": None, "written": True, "nothing": True,
                  "bad": {"code": 400, "error": "InfluxDBClientError"}, "stranger": {"code": 401, "error": "InfluxDBClientError"}},
    "influxdb2": {"ping": True, "version": "1.8.10", "health": "pass", "ready": "pass", "written": None,
                  "bad": {"status": 400, "message": "line 1: unable to parse 'saw speed=': missing field value dropped=1", "error": "ApiException"},
                  "stranger": {"status": 401, "message": "the access token is not valid", "error": "ApiException"}},
    "influxdb3": {"version": "1.8.10", "written": None,
                  "partial": [[1, "missing field value", "saw,line=3 speed="], [3, "missing fields", "saw,line=3"]],
                  "whole": {"status": 400, "message": "line protocol parsing error", "error": "ApiException"},
                  "stranger": {"status": 401, "message": "the access token is not valid", "error": "ApiException"}},
    "otlp": {"gzip": "SUCCESS", "deflate": "SUCCESS", "none": "SUCCESS", "stranger": "FAILURE", "malformed": [400, 3],
             "partial": [1, "1 rejected; the first: exponential histograms are not stored (saw.noise)"]}}


def python_clients(count, store, token):
    """What PyPI's clients do and understand, and that what they wrote is there."""
    python = subprocess.run([os.path.join(ROOT, "tests", "pypi", "install")], check=True, stdout=subprocess.PIPE, text=True, timeout=patient(600)).stdout.strip()
    r = subprocess.run([python, os.path.join(ROOT, "tests", "clients", "pypi.py"), store.server.url, token],
                       capture_output=True, text=True, timeout=patient(120))
    said = json.loads(r.stdout or "{}")
    for name, want in PYTHON_SAID.items():
        count.check(said.get(name) == want, "%s says %r\n%s" % (name, said.get(name), r.stderr[-2000:]))
    t = 1700000000000000
    for line, db in (("1", "py1"), ("2", "py2"), ("3", "py3")):
        for field, value in (("count", 3), ("on", 1), ("note", "a b")):
            count.check(store.points("saw_" + field, line=line, db=db) == [[t, value]], "%s wrote %s" % (db, field))
        more = [[t + 1000000, 3.5]] if line == "3" else []  # the good line between bad ones; not the one that came with accept_partial=false
        count.check(store.points("saw_speed", line=line, db=db) == [[t, 2.5]] + more, "%s wrote speed" % db)
    for packed in ("gzip", "deflate", "none"):
        count.check([v for _, v in store.points("cuts", packed=packed)] == [5], "the exporter's counter, %s" % packed)
        count.check([v for _, v in store.points("cut.time_sum", packed=packed)] == [0.25], "the exporter's histogram, %s" % packed)
    count.check(store.points("saw.heat") == [[t, 81.5]], "the point beside the one that is not stored")


def limits(count, build, database):
    """What a sender of any protocol is told of its limit, and that it holds."""
    with Server(os.path.join(build, "netbit"), database, env={"NETBIT_RATE_PER_MINUTE": "10"}) as server:
        token = server.access_token(server.user("sensor"), "telemetry:write")
        senders = (("/api/v1/telemetry", '{"name": "a", "v": 1}', "application/json"), ("/api/v2/write?bucket=b", "a v=1", "text/plain"),
                   ("/v1/metrics", '{"resourceMetrics": []}', "application/json"))
        seen = []
        for i in range(30):
            path, body, kind = senders[i % len(senders)]
            seen.append(server.call("POST", path, body, token, {"Content-Type": kind}))
        count.check(seen[0].status == 200 and seen[1].status == 204, lambda: "the first are taken: %r" % seen[:2])
        count.check(all(a.headers.get("ratelimit-limit") == "10" and "ratelimit-remaining" in a.headers and "ratelimit-reset" in a.headers for a in seen),
                    lambda: "every answer tells the limit: %r" % [a.headers for a in seen])
        over = [a for a in seen if a.status == 429]
        count.check(len(over) > 5 and all(int(a.headers["retry-after"]) > 0 for a in over), lambda: "over it: %r" % seen)
        other = server.access_token(server.user("another"), "telemetry:write")
        count.check(server.call("POST", "/api/v1/telemetry", '{"name": "a", "v": 1}', other).status == 200, "another token has a budget of its own")


def otlp(count, store, token):
    request = {"resourceMetrics": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}, "scopeMetrics": [{"metrics": [
        {"name": "http.server.duration", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [
            {"timeUnixNano": "1700000000000000000", "count": "3", "sum": 1.5, "bucketCounts": ["1", "2"], "explicitBounds": [0.5],
             "attributes": [{"key": "code", "value": {"intValue": "200"}}]}]}}]}]}]}
    args = [store.server.url + "/v1/metrics", "-H", "Authorization: Bearer " + token, "-H", "Content-Type: application/json"]
    status, body = curl(*args, "-H", "Content-Encoding: gzip", data=gzip.compress(json.dumps(request).encode()))
    count.check((status, body) == (200, b"{}"), "OTLP JSON: %d %r" % (status, body))
    labels = {"service.name": "shop", "code": "200"}
    count.check(store.points("http.server.duration_bucket", le="0.5", **labels) == [[1700000000000000, 1]], "a bucket")
    count.check(store.points("http.server.duration_bucket", le="+Inf", **labels) == [[1700000000000000, 3]], "the last bucket")
    count.check(store.points("http.server.duration_sum", **labels) == [[1700000000000000, 1.5]], "the sum")
    count.check(store.find("http.server.duration_count", **labels)[0]["unit"] == "s", "the unit")
    field = lambda n, b: bytes([n << 3 | 2, len(b)]) + b
    point = b"\x19" + struct.pack("<Q", 1700000000000000000) + b"\x21" + struct.pack("<d", 7.25)
    body = field(1, field(2, field(2, field(1, b"queue.length") + field(5, field(1, point)))))
    status, answer = curl(args[0], "-H", args[2], "-H", "Content-Type: application/x-protobuf", data=body)
    count.check((status, answer) == (200, b""), "OTLP protobuf: %d %r" % (status, answer))
    count.check(store.points("queue.length") == [[1700000000000000, 7.25]], "a gauge")


def binary(count, store, token):
    text = open(os.path.join(ROOT, "docs", "wire-points.md"), encoding="utf-8").read()
    example = {}
    exec(re.search(r"```python\n(.*?)```", text, re.S)[1], example)
    t = [1700000000000000 + i for i in range(1000)]
    answer = json.loads(example["send"](store.server.url, token, [("pump", "bar", {"n": "1"}, t, [i / 7 for i in range(1000)]), ("pump", "", {}, t[:1], [2])]))
    count.check((answer["points"], answer["series"], answer["past_retention"]) == (1001, 2, 1001), "the document's Python: %r" % answer)
    count.check("/retention" in answer["note"], "old points: what becomes of them is told: %r" % answer)
    found = [s for s in store.find("pump") if s["labels"]]
    got = store.get("/api/v1/series/%d/points?from=2023-01-01T00:00:00Z&to=2024-01-01T00:00:00Z" % found[0]["id"])["points"]
    count.check(got == [[a, i / 7] for i, a in enumerate(t)] and found[0]["unit"] == "bar", "the same doubles come back")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", default="build")
    p.add_argument("--database", default="sqlite")
    a = p.parse_args()
    count = Count()
    with Server(os.path.join(a.build, "netbit"), a.database) as server:
        user = server.user("writer")
        token = server.access_token(user, "telemetry:write")
        store = Store(server, user)
        for part in (telegraf, influx_client, python_clients, otlp, binary, influx_shell, prometheus):
            count.part(part.__name__, part, count, store, token)
    count.part("limits", limits, count, a.build, a.database)
    count.finish()


if __name__ == "__main__":
    main()
