#!/usr/bin/env python3
"""Our PromQL beside Debian's prometheus: the same samples in both, the same queries to both, the same answers wanted.

Times of steps are half a second off, because ranges are left-open here and in Prometheus 3, closed in the Prometheus 2 that Debian has.

usage: tests/clients/promql.py [--build DIR] [--database sqlite|postgres]
"""
import argparse, json, math, os, random, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from netbit import Count, Never, Server, free_port, patient, wait_for

QUERIES = """
up
up{job="api"}
up{job=~"a.*",instance!="b"}
up{job!~"api|db"}
http_requests_total
rate(http_requests_total[5m])
increase(http_requests_total{code="200"}[10m])
irate(http_requests_total[5m])
delta(temperature[10m])
idelta(temperature[10m])
deriv(temperature[10m])
predict_linear(temperature[10m], 600)
changes(up[30m])
resets(http_requests_total[30m])
sum(rate(http_requests_total[5m]))
sum by (code) (rate(http_requests_total[5m]))
sum without (instance) (rate(http_requests_total[5m]))
avg by (job) (up)
min(temperature)
max by (room) (temperature)
count(up)
count by (job) (up)
group by (job) (up)
stddev(temperature)
stdvar by (room) (temperature)
quantile(0.9, temperature)
count_values("value", up)
temperature > 21
temperature > bool 21
20 < temperature
temperature * 2 + 1
-temperature
2 ^ 3 ^ 0.5
-2 ^ 2
1 + 2 * 3 % 4 - 5 / 2
temperature % 7
(temperature atan2 3) + 0
up and on (job) http_requests_total
up or temperature
up unless on (instance) http_requests_total{code="500"}
http_requests_total / on (job, instance) group_left () up
rate(http_requests_total{code="500"}[5m]) / ignoring (code) rate(http_requests_total{code="200"}[5m])
up * on (job, instance) group_right () http_requests_total
temperature + on (room) group_left (floor) room_info
temperature offset 10m
rate(http_requests_total[5m] offset 7m)
avg_over_time(temperature[10m])
min_over_time(temperature[10m])
max_over_time(temperature[10m])
sum_over_time(temperature[10m])
count_over_time(temperature[10m])
last_over_time(temperature[10m])
stddev_over_time(temperature[10m])
stdvar_over_time(temperature[10m])
present_over_time(temperature[10m])
quantile_over_time(0.25, temperature[10m])
max_over_time(rate(http_requests_total[5m])[20m:1m])
avg_over_time(temperature[30m:5m])
histogram_quantile(0.95, sum by (le) (rate(latency_bucket[10m])))
histogram_quantile(0.5, rate(latency_bucket[10m]))
abs(temperature - 21)
ceil(temperature)
floor(temperature)
round(temperature)
round(temperature, 0.5)
clamp(temperature, 20, 21)
clamp_min(temperature, 21)
clamp_max(temperature, 21)
sqrt(temperature)
exp(temperature / 10)
ln(temperature)
log2(temperature)
log10(temperature)
sgn(temperature - 21)
time()
vector(5)
scalar(temperature{room="kitchen"})
scalar(up)
absent(nothing{job="x"})
absent(up)
absent_over_time(nothing[5m])
timestamp(vector(1)) - time()
hour(vector(1700000000))
day_of_week(vector(1700000000))
month(vector(1700000000))
year(vector(1700000000))
label_replace(up, "host", "$1:x", "instance", "(.).*")
label_join(up, "both", "-", "job", "instance")
sum(up) by (job)
{__name__="up", job="api"}
{__name__=~"up|temperature"}
up == 1
temperature{room="kitchen"} == temperature{room="kitchen"}
NaN
-Inf
1e3
0x1f
sum(nothing)
count(nothing) or vector(0)
topk(2, temperature)
bottomk(1, temperature)
gaps
rate(gaps[5m])
""".strip().split("\n")
WRONG = ["", "up{", "rate(up)", "sum(", "up[5m", "1 +", "foo(up)", "up offset", "up and 1", "{}", "up ==bool", '"a" + 1', "sum by (job", "rate(up[0s])",
         "up{job=}", "(((", "label_replace(up)", "1 == 1", "up bool"]


def samples(now):
    """{(name, ((label, value), ...)): [(t_ms, value)]} over the last two hours, times off any round second."""
    r = random.Random(7)
    out = {}

    def series(name, labels, values, start=0, every=15.0):
        out[name, tuple(sorted(labels.items()))] = [(int((now - 7200 + start + i * every) * 1000) + 137, v) for i, v in enumerate(values)]

    n = 480
    for job, instance in (("api", "a"), ("api", "b"), ("db", "c")):
        series("up", {"job": job, "instance": instance}, [1 if r.random() > 0.05 else 0 for _ in range(n)], start=len(out))
        for code in ("200", "500"):
            if (instance, code) == ("c", "500"):
                continue
            total, values = 0, []
            for i in range(n):
                total = 0 if r.random() < 0.01 else total + r.randrange(50)
                values.append(total)
            series("http_requests_total", {"job": job, "instance": instance, "code": code}, values, start=len(out) * 0.7)
    for room, floor in (("kitchen", "1"), ("lab", "2"), ("attic", "3")):
        v, values = 20.0, []
        for i in range(n):
            v += r.uniform(-0.2, 0.2)
            values.append(round(v, 3))
        series("temperature", {"room": room}, values, start=len(out) * 0.3)
        series("room_info", {"room": room, "floor": floor}, [1] * n, start=1.1)
    counts = [0] * 5
    columns = [[] for _ in counts]
    for i in range(n):
        for _ in range(20):
            x = r.expovariate(4)
            for k, le in enumerate((0.1, 0.25, 0.5, 1, math.inf)):
                counts[k] += x <= le
        for k in range(5):
            columns[k].append(counts[k])
    for k, le in enumerate(("0.1", "0.25", "0.5", "1.0", "+Inf")):
        series("latency_bucket", {"le": le}, columns[k], start=2.2)
    series("gaps", {}, list(range(60)), every=15.0)
    more = [(t + 4_000_000, v) for t, v in out["gaps", ()]]
    out["gaps", ()] += more
    return out


def start_prometheus(folder, data):
    text = []
    for name in sorted({n for n, _ in data}):
        text.append("# TYPE %s unknown" % name)
        for (n, labels), points in sorted(data.items()):
            if n == name:
                l = ",".join('%s="%s"' % x for x in labels)
                text += ["%s{%s} %r %.3f" % (n, l, float(v), t / 1000) for t, v in points]
    open(folder + "/in.om", "w").write("\n".join(text + ["# EOF", ""]))
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", folder + "/in.om", folder + "/data"], check=True, stdout=subprocess.DEVNULL)
    open(folder + "/prometheus.yml", "w").write("global: {}\n")
    port = free_port()
    p = subprocess.Popen(["prometheus", "--config.file=" + folder + "/prometheus.yml", "--storage.tsdb.path=" + folder + "/data",
                          "--web.listen-address=127.0.0.1:%d" % port], stdout=subprocess.DEVNULL, stderr=open(folder + "/log", "w"))
    try:
        wait_for("prometheus is ready", lambda: urllib.request.urlopen("http://127.0.0.1:%d/-/ready" % port, timeout=patient()),
                 told=lambda: open(folder + "/log").read()[-500:])
    except Never:
        p.kill()
        raise
    return p, "http://127.0.0.1:%d/api/v1" % port


def ask(base, path, params, token=None):
    headers = {"Authorization": "Bearer " + token} if token else {}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    request = urllib.request.Request(base + path, urllib.parse.urlencode(params).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=patient()) as r:
            return r.status, json.load(r)
    except urllib.error.HTTPError as e:
        return e.code, json.load(e)


def same(a, b):
    x, y = float(a), float(b)
    return x == y or (math.isnan(x) and math.isnan(y)) or abs(x - y) <= 1e-9 * max(1, abs(x), abs(y))


def table(answer):
    """{labels: {time: value}} of an answer's data."""
    d = answer["data"]
    if d["resultType"] == "scalar":
        return {(): {round(d["result"][0], 3): d["result"][1]}}
    return {tuple(sorted(r["metric"].items())): {round(t, 3): v for t, v in (r.get("values") or [r["value"]])} for r in d["result"]}


def difference(ours, theirs):
    if ours.get("status") != "success":
        return "ours fails: %s" % ours.get("error")
    a, b = table(ours), table(theirs)
    if a.keys() != b.keys():
        return "series differ: only ours %s, only theirs %s" % (sorted(a.keys() - b.keys())[:3], sorted(b.keys() - a.keys())[:3])
    for k in a:
        if a[k].keys() != b[k].keys():
            return "steps differ in %s: ours %d, theirs %d" % (k, len(a[k]), len(b[k]))
        for t in a[k]:
            if not same(a[k][t], b[k][t]):
                return "%s at %s: ours %s, theirs %s" % (k, t, a[k][t], b[k][t])
    return None


def compare(count, ours, theirs, window, instant, token):
    for q in QUERIES:
        for path, params in (("/query_range", dict(window, query=q)), ("/query", {"query": q, "time": instant})):
            why = difference(ask(ours, path, params, token)[1], ask(theirs, path, params)[1])
            count.check(not why, "%s %s\n    %s" % (path, q, why))
    for q in WRONG:
        status, a = ask(ours, "/query", {"query": q}, token)
        their_status = ask(theirs, "/query", {"query": q})[0]
        count.check(status == their_status == 400 and a["errorType"] == "bad_data" and a["error"],
                    "%r: ours %s %s, theirs %s" % (q, status, a, their_status))
    match = [("match[]", "up"), ("match[]", "temperature"), ("start", window["start"]), ("end", window["end"])]
    for path in ("/labels", "/series"):
        a, b = ask(ours, path, match, token)[1]["data"], ask(theirs, path, match)[1]["data"]
        as_text = lambda x: json.dumps(x, sort_keys=True)
        count.check(sorted(a, key=as_text) == sorted(b, key=as_text), "%s: ours %s, theirs %s" % (path, a, b))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default="build")
    args.add_argument("--database", default="sqlite")
    args = args.parse_args()
    count = Count()
    now = int(time.time()) - 600
    data = samples(now)
    with tempfile.TemporaryDirectory() as folder, Server(args.build + "/netbit", args.database) as server:
        prometheus, theirs = start_prometheus(folder, data)
        try:
            token = server.login()
            series = [{"name": n, "labels": dict(l), "points": [[t * 1000, v] for t, v in p]} for (n, l), p in data.items()]
            for i in range(0, len(series), 5):
                a = server.call("POST", "/api/v1/telemetry", {"series": series[i:i + 5]}, token)
                count.check(a.status == 200, "telemetry: %s" % a)
            window = {"start": now - 5400.5, "end": now - 60, "step": 47}
            compare(count, server.url + "/prometheus/api/v1", theirs, window, now - 1800.5, token)
        finally:
            prometheus.terminate()
            prometheus.wait()
    count.finish()


main()
