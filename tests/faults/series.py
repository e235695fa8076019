#!/usr/bin/env python3
"""Points of series while the server is killed and the database is away.

What must hold: every acknowledged point is there exactly once, in time order, with its value (also after merges that were cut short);
nothing is there that was never sent; aggregates tell the same as the points. On PostgreSQL the database itself crashes and stays away
for a while in the middle of ingest: what was acknowledged before, meanwhile and afterwards is all there.
"""
import argparse, json, os, random, subprocess, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from netbit import Count, Server, patient, wait_for

WRITERS, SERIES, POINTS = 4, 3, 200
START = (int(time.time()) - 30 * 86400) * 1_000_000      # within the retention of points


def value(name, i):
    return ((i * 7919 + len(name) * 13 + ord(name[-1])) % 100003) / 8


class Writers:
    """Each sends batches of its own series and sends one again until it is acknowledged; some go out of order, some twice."""

    def __init__(self, server, token):
        self.server, self.token, self.stop = server, token, threading.Event()
        self.names = {w: ["w%d_%s" % (w, "abc"[s]) for s in range(SERIES)] for w in range(WRITERS)}
        self.acked, self.tried = {w: set() for w in range(WRITERS)}, {w: set() for w in range(WRITERS)}
        self.slowest, self.again, self.errors = 0.0, 0, []
        self.threads = [threading.Thread(target=self.guard, args=(w,), daemon=True) for w in range(WRITERS)]
        for t in self.threads:
            t.start()

    def guard(self, w):
        try:
            self.write(w)
        except Exception as e:                       # a thread's failure is the test's
            self.errors.append(repr(e))

    def batch(self, w, k):
        return {"series": [{"name": name, "labels": {"writer": str(w)},
                            "points": [[START + i * 1_000_000, value(name, i)] for i in range(k * POINTS, (k + 1) * POINTS)]}
                           for name in self.names[w]]}

    def send(self, w, k):
        """True when it is acknowledged."""
        body = json.dumps(self.batch(w, k))
        self.tried[w].add(k)
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                a = self.server.call("POST", "/api/v1/telemetry", body, self.token, timeout=patient(120))
                if a.status == 200:
                    self.acked[w].add(k)
                    self.slowest = max(self.slowest, time.monotonic() - began)
                    return True
                if a.status not in (429, 503, 504):
                    raise RuntimeError("telemetry: %r" % a)
            except OSError:
                pass                                 # the server is down
            except Exception as e:
                if type(e).__module__ != "http.client":
                    raise                            # it went down in the middle of its answer
            self.again += 1
            time.sleep(0.01)
        return False

    def write(self, w):
        chance, k = random.Random(w), 0
        while not self.stop.is_set():
            some = list(range(k, k + 4))
            k += 4
            if chance.random() < 0.3:
                chance.shuffle(some)
            if chance.random() < 0.1:
                some.append(some[0])
            for one in some:
                if not self.send(w, one):
                    return

    def points(self):
        return sum(len(a) for a in self.acked.values()) * SERIES * POINTS

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()
        if self.errors:
            raise RuntimeError("; ".join(self.errors))


def pages(server, token, id_):
    """The points of a series, some thousands at a time."""
    at = 0
    while at is not None:
        a = server.call("GET", "/api/v1/series/%s/points?from=%d&to=%d&limit=100000" % (id_, at, START * 2), token=token, timeout=patient(120))
        assert a.status == 200, a
        page = a.json                                # parsed once: there may be a hundred million points
        assert page["damage"] is None, page["damage"]
        yield page["points"]
        at = page["next_from"] and int(page["next_from"])


class Expected:
    """The points of a batch as they must come back. Values repeat after so many points, so that a batch is a slice of a list."""
    PERIOD = 100003

    def __init__(self, name):
        period = [value(name, i) for i in range(self.PERIOD)]
        self.values = period + period[:POINTS]

    def batch(self, k):
        first = k * POINTS
        at = first % self.PERIOD
        times = range(START + first * 1_000_000, START + (first + POINTS) * 1_000_000, 1_000_000)
        return list(map(list, zip(times, self.values[at:at + POINTS])))


def check_name(server, token, name, acked, tried, count):
    """Batches are stored whole or not at all, so what is there is the acknowledged ones and some of those that were tried, in time order:
    compared batch by batch, as lists."""
    found = server.call("GET", "/api/v1/series?name=%s" % name, token=token).json["items"]
    if not found:
        count.check(not acked, "%s: there is no such series, but %d batches were acknowledged" % (name, len(acked)))
        return 0
    source, expected, waiting = pages(server, token, found[0]["id"]), Expected(name), []
    total, missing, values, last = 0, 0, [0, float("inf"), float("-inf"), 0.0, None], None
    for k in sorted(tried):
        while len(waiting) < POINTS and source:
            more = next(source, None)
            if more is None:
                source = None
            else:
                waiting += more
        batch = expected.batch(k)
        if waiting[:POINTS] != batch:
            missing += k in acked
            continue
        del waiting[:POINTS]
        total += POINTS
        of = [v for _, v in batch]
        values = [values[0] + POINTS, min(values[1], *of), max(values[2], *of), values[3] + sum(of), of[-1]]
        last = batch[-1][0]
    left = len(waiting) + sum(len(p) for p in source or ())
    count.check(not missing, "%s: %d acknowledged batches are missing, or not as they were sent" % (name, missing))
    count.check(not left, "%s: %d points are doubled, out of order, or were never sent; the first: %r" % (name, left, waiting[:1]))
    if last is not None:
        b = server.call("GET", "/api/v1/series/%s/buckets?from=%d&to=%d&n=1" % (found[0]["id"], START, last + 1), token=token).json["buckets"][0]
        count.check([b["count"], b["min"], b["max"], b["sum"], b["last"]] == values, "%s: the aggregates differ: %r, want %r" % (name, b, values))
    return total


def check(server, token, writers, count):
    return sum(check_name(server, token, name, writers.acked[w], writers.tried[w], count) for w, names in writers.names.items() for name in names)


def tail_points(server):
    page = server.call("GET", "/metrics", token=server.login()).body.decode()
    return next(float(line.split()[1]) for line in page.splitlines() if line.startswith("netbit_series_tail_points "))


def kills(binary, database, count, rounds):
    server = Server(binary, database)
    server.start()
    try:
        token = server.access_token(server.user("writer"))
        writers = Writers(server, token)
        for _ in range(rounds):
            time.sleep(random.uniform(0.05, 0.7))
            server.kill()
            server.start()
        wait_for("enough points", lambda: writers.points() > rounds * 1000 or writers.errors)
        writers.end()
        total = check(server, token, writers, count)
        merged = max(0, total - tail_points(server))            # the tail holds the server's own series, too
        count.check(rounds < 50 or merged > 0, "nothing was merged meanwhile")
        print("series: %d points acknowledged over %d kills of the server, %d stored, %d of them merged; %d batches sent again" %
              (writers.points(), rounds, total, merged, writers.again), flush=True)
    finally:
        server.stop()


def outage(binary, count, minutes, away_s):
    """PostgreSQL crashes in the middle and stays away."""
    ctl = os.environ["NETBIT_TEST_POSTGRES_CTL"]
    server = Server(binary, "postgres")
    server.start()
    try:
        token = server.access_token(server.user("writer"))
        writers = Writers(server, token)
        time.sleep(minutes * 30)
        wait_for("points before the absence", lambda: writers.points() or writers.errors)
        before = writers.points()
        subprocess.run([ctl, "crash"], check=True)
        time.sleep(away_s)
        subprocess.run([ctl, "start"], check=True)
        time.sleep(max(minutes * 30 - away_s, 0))
        after = writers.points()
        wait_for("points after the absence", lambda: writers.points() > after or writers.errors)
        writers.end()
        total = check(server, token, writers, count)
        print("series: PostgreSQL was away for %g s: %d points acknowledged before and %d in all, %d stored; slowest answer %.1f s" %
              (away_s, before, writers.points(), total, writers.slowest), flush=True)
    finally:
        server.stop()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", default="build")
    p.add_argument("--database", default="sqlite")
    p.add_argument("--rounds", type=int, default=10)
    p.add_argument("--minutes", type=float, default=0.3, help="how long PostgreSQL's absence is tested; 10 for the whole")
    p.add_argument("--away", type=float, default=5, help="seconds of absence")
    p.add_argument("--only", choices=("kills", "outage"))
    a = p.parse_args()
    count, binary = Count(), os.path.join(a.build, "netbit")
    if a.only != "outage":
        count.part("kills", kills, binary, a.database, count, a.rounds)
    if a.database == "postgres" and a.only != "kills":
        count.part("outage", outage, binary, count, a.minutes, a.away)
    count.finish()


if __name__ == "__main__":
    main()
