#!/usr/bin/env python3
"""kill -9 in the middle of work: of the server while it acknowledges records, and of server, agent, shim and unit while a unit works.

What must hold: every acknowledged record is stored exactly once; after each kill there is exactly one process of the unit (never two at
any moment), and the server shows it running with that pid within 10 s; the unit's log lines arrive in order, each once, without a gap.
"""
import argparse, collections, json, os, random, re, shutil, signal, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from netbit import PATIENCE, Count, Server, pages, patient, registered_unit, wait_for

SETTLE_S = 30  # 10 are promised; the machine may be three times slower than ours


class Writers:
    """Threads that post numbered records and remember which were acknowledged."""

    def __init__(self, server, path, token):
        self.server, self.path, self.token = server, path, token
        self.acked, self.lock, self.stop, self.number = [], threading.Lock(), threading.Event(), iter(range(1, 10 ** 9))
        self.threads = [threading.Thread(target=self.write, daemon=True) for _ in range(8)]
        for t in self.threads:
            t.start()

    def write(self):
        while not self.stop.is_set():
            with self.lock:
                n = next(self.number)
            try:
                record = {"telemetry_type": "log", "level": "info", "message": "n=%d" % n}
                if self.server.call("POST", self.path, record, self.token, timeout=5).status == 201:
                    with self.lock:
                        self.acked.append(n)
            except OSError:
                time.sleep(0.005)

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()
        return self.acked


def acknowledged(binary, database, count, rounds):
    """Writers post while the server is killed and started again."""
    server = Server(binary, database)
    server.start()
    try:
        token = server.user("writer")
        path = "/api/spark/units/%s/telemetry" % registered_unit(server, token)
        writers = Writers(server, path, token)
        for _ in range(rounds):
            time.sleep(random.uniform(0.05, 0.5))
            server.kill()
            server.start()
        acked = writers.end()
        stored = collections.Counter(int(r["message"][2:]) for r in pages(server, path + "?order=asc", "telemetry", token))
        lost = [n for n in acked if n not in stored]
        twice = [n for n, k in stored.items() if k > 1]
        count.check(len(acked) > rounds * 5, "only %d records were acknowledged" % len(acked))
        count.check(not lost, "%d of %d acknowledged records are missing after %d kills" % (len(lost), len(acked), rounds))
        count.check(not twice, "%d records are stored twice" % len(twice))
        print("%d records acknowledged over %d kills of the server" % (len(acked), rounds), flush=True)
    finally:
        server.stop()


PROGRAM = """import os, time
n = 0
while True:
    n += 1
    print("run=%d n=%d" % (os.getpid(), n), flush=True)
    time.sleep(0.05)
"""


class World:
    """A server, an agent in a home of its own, and one unit whose processes carry a mark in their arguments."""

    def __init__(self, build, database):
        self.build, self.home = os.path.abspath(build), tempfile.mkdtemp(prefix="netbit-home-")
        self.mark = "mark-%016x" % random.getrandbits(64)
        self.server = Server(os.path.join(build, "netbit"), database)
        self.server.start()
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("NETBIT_")}
        self.env.update(NETBIT_HOME=self.home, NETBIT_LANG="en", NETBIT_URL=self.server.url,
                        NETBIT_TOKEN=self.server.access_token(self.server.user("owner")))
        package = os.path.join(self.home, "package")
        os.makedirs(package)
        open(os.path.join(package, "main.py"), "w").write(PROGRAM)
        json.dump({"name": "counter", "version": "1.0.0", "public": True,
                   "entry": {"command": "python3", "args": ["main.py"],
                             "restart": {"policy": "always", "min": "100ms", "max": "500ms", "budget": 0}}},
                  open(os.path.join(package, "spark.json"), "w"))
        self.start_agent()
        self.spark("publish", package, "--yes")
        self.spark("install", "counter")
        self.unit = json.loads(self.spark("run", "counter", "--name", "u", "--json", "--", self.mark))["unit_id"]

    def spark(self, *args):
        r = subprocess.run([os.path.join(self.build, "spark")] + list(args), env=self.env, capture_output=True, text=True, timeout=patient())
        if r.returncode:
            raise RuntimeError("spark %s: %s%s" % (" ".join(args), r.stdout, r.stderr))
        return r.stdout

    def start_agent(self):
        self.agent = subprocess.Popen([os.path.join(self.build, "netbit"), "agent"], env=self.env, stdin=subprocess.DEVNULL,
                                      stdout=open(os.path.join(self.home, "agent.log"), "ab"), stderr=subprocess.STDOUT)

    def seen(self):
        """The unit as the server shows it."""
        return self.server.call("GET", "/api/spark/units/" + self.unit, token=self.env["NETBIT_TOKEN"], timeout=2)

    def processes(self):
        """The unit's own processes: those that carry its mark."""
        out = []
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                alive = open("/proc/%s/stat" % p).read().rsplit(")", 1)[1].split()[0] != "Z"
                if alive and self.mark.encode() in open("/proc/%s/cmdline" % p, "rb").read():
                    out.append(int(p))
            except OSError:
                pass                             # it ended while we looked
        return out

    def is_ours(self, pid):
        try:
            return os.path.samefile("/proc/%d/exe" % pid, os.path.join(self.build, "netbit"))
        except OSError:
            return False

    def shim(self):
        """The nearest ancestor of the unit that runs our program and is not the agent."""
        pid = self.processes()[0]
        while not self.is_ours(pid):
            pid = int(open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[1])
        return pid

    def settled(self, watch):
        """Seconds until one process runs and the server says so."""
        began = time.monotonic()

        def right():
            pids = self.processes()
            watch(pids)
            seen = self.seen().json if len(pids) == 1 else None
            return seen and seen["status"] == "running" and seen["pid"] == pids[0]
        wait_for("one process runs and the server shows it", right, told=lambda: "processes %r, server %r\n%s" % (
            self.processes(), self.seen(), open(os.path.join(self.home, "agent.log"), errors="replace").read()[-2000:]))
        return time.monotonic() - began

    def stop(self):
        try:
            self.spark("rm", "u", "--yes")
        finally:
            self.agent.send_signal(signal.SIGTERM)
            self.agent.wait(patient())
            for pid in self.processes():
                os.kill(pid, signal.SIGKILL)
            self.server.stop()
            shutil.rmtree(self.home, ignore_errors=True)


def database_away(binary, count, seconds):
    """PostgreSQL is killed while records are written, and comes back after a while: what was acknowledged is there, what was not was told
    as 503 with Retry-After, and nobody had to help."""
    ctl = os.environ["NETBIT_TEST_POSTGRES_CTL"]
    server = Server(binary, "postgres")
    server.start()
    try:
        token = server.user("writer")
        path = "/api/spark/units/%s/telemetry" % registered_unit(server, token)
        refusals, refused, odd, slowest = threading.Lock(), collections.Counter(), [], [0]

        class Watched(Writers):
            def write(self):
                while not self.stop.is_set():
                    with self.lock:
                        n = next(self.number)
                    began = time.monotonic()
                    try:
                        a = server.call("POST", path, {"telemetry_type": "log", "level": "info", "message": "n=%d" % n}, token, timeout=patient(120))
                    except OSError as e:
                        with refusals:
                            odd.append(repr(e))
                        continue
                    with refusals:
                        slowest[0] = max(slowest[0], time.monotonic() - began)
                        if a.status == 201:
                            self.acked.append(n)
                        else:
                            refused[a.status] += 1
                            if a.status != 503 or "retry-after" not in a.headers or "problem" not in a.headers["content-type"]:
                                odd.append("%r %r" % (a, a.headers))
                    if a.status != 201:
                        time.sleep(0.1)
        writers = Watched(server, path, token)
        wait_for("some records", lambda: len(writers.acked) > 100)
        before = len(writers.acked)
        subprocess.run([ctl, "crash"], check=True)
        away = time.monotonic()
        try:
            time.sleep(seconds)
            during = len(writers.acked)
            ready = server.call("GET", "/ready").status
            alive = server.call("GET", "/health").status
        finally:
            subprocess.run([ctl, "start"], check=True)
        back = time.monotonic()
        wait_for("writes go through again", lambda: len(writers.acked) > during)
        recovered = time.monotonic() - back
        wait_for("more records", lambda: len(writers.acked) > during + 100)
        acked = writers.end()
        count.check(refused[503] > 0 and not odd, lambda: "refused %r; other than 503 with Retry-After: %s" % (dict(refused), odd[:3]))
        count.check(ready == 503 and alive == 200, "while the database was away /ready said %d, /health %d" % (ready, alive))
        stored = collections.Counter(int(r["message"][2:]) for r in pages(server, path + "?order=asc", "telemetry", token))
        lost = [n for n in acked if n not in stored]
        twice = [n for n, k in stored.items() if k > 1]
        count.check(not lost, "%d of %d acknowledged records are missing" % (len(lost), len(acked)))
        count.check(not twice, "%d records are stored twice" % len(twice))
        print("PostgreSQL away for %.0f s: %d acknowledged (%d before), %d refused with 503, the slowest answer %.1f s, back %.2f s after it" %
              (back - away, len(acked), before, refused[503], slowest[0], recovered), flush=True)
    finally:
        server.stop()


def kill_server(w):
    w.server.kill()
    time.sleep(random.uniform(0, 1))
    w.server.start()


def kill_agent(w):
    w.agent.kill()
    w.agent.wait()
    time.sleep(random.uniform(0, 0.5))
    w.start_agent()


def kill_shim(w):
    os.kill(w.shim(), signal.SIGKILL)


def kill_unit(w):
    os.kill(w.processes()[0], signal.SIGKILL)


def victims(build, database, count, rounds):
    w = World(build, database)
    doubled, slowest = [], collections.defaultdict(float)

    def watch(pids):
        if len(pids) > 1:
            doubled.append(pids)
    try:
        w.settled(watch)
        for i in range(rounds):
            for kill in (kill_unit, kill_shim, kill_agent, kill_server):
                time.sleep(random.uniform(0.2, 1.0))
                kill(w)
                took = w.settled(watch)
                slowest[kill.__name__] = max(slowest[kill.__name__], took)
                count.check(took < SETTLE_S * PATIENCE, "round %d, %s: right again only after %.1f s" % (i, kill.__name__, took))
        count.check(not doubled, "two processes of one unit at once: %r" % doubled)
        w.spark("stop", "u")
        count.check(not w.processes(), "a stopped unit has processes")
        lines(w, count)
        print("slowest return after kill -9: " + ", ".join("%s %.2f s" % (k[5:], v) for k, v in slowest.items()), flush=True)
    finally:
        w.stop()


def lines(w, count):
    """Every run's lines on the server: 1, 2, 3, ... each once, once the spool has been delivered."""
    here = w.spark("logs", "u", "-n", "-1").count("run=")

    def told():
        runs = collections.defaultdict(list)
        for r in pages(w.server, "/api/spark/units/%s/logs?order=asc" % w.unit, "logs", w.env["NETBIT_TOKEN"]):
            m = re.match(r"run=(\d+) n=(\d+)$", r["message"] or "")
            if m:
                runs[m[1]].append(int(m[2]))
        return runs
    wait_for("the %d lines that are here are on the server" % here, lambda: sum(map(len, told().values())) >= here)
    runs = told()
    count.check(sum(map(len, runs.values())) == here, "%d lines are here, %d on the server" % (here, sum(map(len, runs.values()))))
    count.check(len(runs) > 3, "only %d runs of the unit have lines on the server" % len(runs))
    for run, numbers in runs.items():
        count.check(sorted(numbers) == list(range(1, len(numbers) + 1)),
                    lambda: "lines of run %s: not once each: %r" % (run, [k for k in range(1, max(numbers) + 1) if numbers.count(k) != 1][:20]))
    print("%d log lines of %d runs on the server" % (here, len(runs)), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", default="build")
    p.add_argument("--database", default="sqlite")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--away", type=float, default=30, help="seconds without PostgreSQL")
    p.add_argument("part", nargs="*", help="acknowledged, victims, database_away; all when none is given")
    a = p.parse_args()
    count, chosen = Count(), a.part or ["acknowledged", "victims", "database_away"]
    if "acknowledged" in chosen:
        count.part("acknowledged", acknowledged, os.path.join(a.build, "netbit"), a.database, count, a.rounds * 4)
    if "victims" in chosen:
        count.part("victims", victims, a.build, a.database, count, a.rounds)
    if "database_away" in chosen and a.database == "postgres":
        count.part("database_away", database_away, os.path.join(a.build, "netbit"), count, a.away)
    count.finish()


if __name__ == "__main__":
    main()
