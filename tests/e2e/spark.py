#!/usr/bin/env python3
"""Spark end to end, as people use it: a real server, the real command line, the real agent and the demo packages.

    tests/e2e/spark.py --build build [--database sqlite|postgres] [--keep] [NAME ...]

Each part is a function below; parts run in order in one world, and name what they check."""
import argparse, array, fcntl, glob, hashlib, io, json, os, re, shutil, signal, subprocess, sys, tarfile, tempfile, termios, time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "tests", "lib"))
from netbit import ADMIN, Count, Server, pages, patient, wait_for  # noqa: E402

count = Count()
check = count.check


class Run:
    def __init__(self, p):
        self.code, self.out, self.err = p.returncode, p.stdout, p.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return "exit %d\n--- stdout\n%s\n--- stderr\n%s" % (self.code, self.out[-3000:], self.err[-3000:])


class World:
    """A server, a person's home and copies of the demo packages."""

    def __init__(self, build, database):
        self.build = os.path.abspath(build)
        self.folder = tempfile.mkdtemp(prefix="netbit-e2e-")
        self.home = os.path.join(self.folder, "home")
        self.demo = os.path.join(self.folder, "demo")
        shutil.copytree(os.path.join(root, "demo"), self.demo)
        subprocess.run(["make", "-s", "-C", os.path.join(self.demo, "c-program")], check=True)
        self.server = Server(os.path.join(build, "netbit"), database)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("NETBIT_", "LC_", "LANG"))}
        self.env.update(NETBIT_HOME=self.home, NETBIT_LANG="en", NO_COLOR="1")
        self.homes = [self.home]  # those in which an agent may run

    def spark(self, *args, home=None, stdin=None, **env):
        e = dict(self.env, **env)
        if home:
            e["NETBIT_HOME"] = home
        p = subprocess.run([os.path.join(self.build, "spark"), *args], env=e, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=patient(120))
        return Run(p)

    def ok(self, *args, **more):
        r = self.spark(*args, **more)
        check(r.code == 0, lambda: "spark %s: %r" % (" ".join(args), r))
        return r

    def units(self, home=None):
        return {u["name"]: u for u in self.spark("status", "--json", home=home).json}

    def wait(self, what, test, about=None):
        """The value of test() once that is true, which is one check; the part ends here when it never is. about: a unit to tell all about then."""
        began = time.monotonic()
        value = wait_for(what, test, told=lambda: "%r%s" % (self.spark("status"), "\n" + about_unit(self.units()[about]) if about else ""))
        took = time.monotonic() - began
        if took > 5:
            print("%s: %.1f s" % (what, took), flush=True)
        check(True, what)
        return value

    def token(self):
        return json.load(open(os.path.join(self.home, "spark", "login.json")))["token"]

    def remote(self, name, token=None):
        a = self.server.call("GET", "/api/spark/units", token=token or self.token())
        return next((u for u in a.json["units"] if u["name"] == name), None)

    def packages(self, name):
        return os.path.join(self.home, "spark", "packages", name)

    def agent_pid(self, home=None):
        for p in glob.glob("/proc/[0-9]*/environ"):
            try:
                env = open(p, "rb").read().split(b"\0")
                words = open(p.replace("environ", "cmdline"), "rb").read().split(b"\0")
            except OSError:
                continue
            if b"NETBIT_HOME=" + (home or self.home).encode() in env and len(words) > 1 and words[1] == b"agent":
                yield int(p.split("/")[2])

    def close(self, keep):
        for home in self.homes:
            for name in self.units(home):
                self.spark("rm", name, "--force", home=home)
            self.spark("agent", "stop", home=home)
        self.server.stop()
        if keep:
            print("kept: " + self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def slurp(path, last=0):
    """A file's text, what stands at its end when `last` characters are wanted, or why it cannot be read."""
    try:
        return open(path, errors="replace").read()[-last:].strip()
    except OSError as e:
        return "(%s)" % e.strerror


def pipe_fill(path):
    """Bytes that wait in a pipe that somebody else has open; None: it is no pipe."""
    try:
        if not os.readlink(path).startswith("pipe:"):
            return None
        fd, n = os.open(path, os.O_RDONLY | os.O_NONBLOCK), array.array("i", [0])
        fcntl.ioctl(fd, termios.FIONREAD, n)
        os.close(fd)
        return n[0]
    except OSError:
        return None


def about_unit(u):
    """Why a unit stands still: what its processes and their shim wait for, what lies in the pipes between, what reached its logs."""
    lines = [json.dumps(u, ensure_ascii=False)]
    stat = slurp("/proc/%d/stat" % u["pid"]).rpartition(")")[2].split()
    shim = int(stat[1]) if len(stat) > 1 else 0
    family = [p for p in sorted(int(d[6:]) for d in glob.glob("/proc/[0-9]*"))
              if p == shim or ("NETBIT_UNIT_ID=" + u["unit_id"]) in slurp("/proc/%d/environ" % p).split("\0")]
    for p in family:
        d = "/proc/%d/" % p
        lines.append("%d %s: state %s, wchan %s, system call %s, %s" % (
            p, slurp(d + "comm"), slurp(d + "stat").rpartition(")")[2].split()[:1], slurp(d + "wchan"), slurp(d + "syscall"),
            " ".join(s for s in slurp(d + "status").split("\n") if "ctxt" in s or s.startswith(("SigPnd", "ShdPnd")))))
        lines.append("    kernel: " + " < ".join(s.split()[-1] for s in slurp(d + "stack").split("\n") if s))
        fills = [(f, pipe_fill(f)) for f in sorted(glob.glob(d + "fd/*"))]
        lines.append("    pipes: " + ", ".join("%s has %d bytes" % (f[6:], n) for f, n in fills if n is not None))
        group = re.search(r"^0::(.*)$", slurp(d + "cgroup"), re.M)
        for top in glob.glob("/sys/fs/cgroup/cgroup.procs") + glob.glob("/sys/fs/cgroup/unified/cgroup.procs") if group else []:
            at = os.path.dirname(top) + group[1]
            lines.append("    %s: freeze %s, %s" % (at, slurp(at + "/cgroup.freeze"), slurp(at + "/cgroup.events").replace("\n", ", ")))
    for f in sorted(glob.glob(u["dir"] + "/logs/*.log")):
        lines.append("%s, %d bytes, last changed %.1f s ago; its end:\n%s" % (f, os.path.getsize(f), time.time() - os.path.getmtime(f), slurp(f, 500)))
    return "\n".join(lines)


def write(folder, files):
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
    return folder


def manifest(name, version, **more):
    return json.dumps(dict({"name": name, "version": version, "entry": {"command": "sh", "args": ["-c", "echo up; sleep 1000"]}}, **more))


# ---- parts ----

def login(w):
    r = w.spark("publish", os.path.join(w.demo, "crasher"))
    check(r.code == 4 and "login" in r.err, lambda: "publishing needs a sign-in: %r" % r)
    r = w.spark("login", w.server.url, "--login", ADMIN[0], "--password-stdin", stdin="wrong\n")
    check(r.code == 4 and not os.path.exists(os.path.join(w.home, "spark", "login.json")), lambda: "a wrong password: %r" % r)
    w.ok("login", w.server.url, "--login", ADMIN[0], "--password-stdin", stdin=ADMIN[1] + "\n")
    mode = os.stat(os.path.join(w.home, "spark", "login.json")).st_mode & 0o777
    check(mode == 0o600, "login.json has mode %o" % mode)
    check(w.ok("whoami", "--json").json["login"] == ADMIN[0], "whoami")
    r = w.spark("whoami", NETBIT_TOKEN="nbp_nonsense", NETBIT_URL=w.server.url)
    check(r.code == 4, lambda: "NETBIT_TOKEN wins over login.json: %r" % r)


def publish(w):
    for name in ("node-service", "python-sensor", "c-program", "crasher"):
        r = w.ok("publish", os.path.join(w.demo, name))
        check("spark install %s@1.0.0" % name in r.out, lambda: "%s: the install command is printed: %r" % (name, r))
    r = w.ok("publish", os.path.join(w.demo, "crasher"), "--json")
    check(r.json["already"] is True, lambda: "publishing the same bytes again is harmless: %r" % r)
    page = w.server.call("GET", "/api/spark/packages/crasher").json
    check([v["version"] for v in page["versions"]] == ["1.0.0"] and page["versions"][0]["checksum"] == r.json["checksum"], lambda: page)
    with open(os.path.join(w.demo, "crasher", "crash.sh"), "a") as f:
        f.write("# changed\n")
    r = w.spark("publish", os.path.join(w.demo, "crasher"))
    check(r.code == 6 and "other bytes" in r.err, lambda: "other bytes under the same version: %r" % r)
    r = w.ok("search", "signal", "--json")
    check("c-program" in [p["name"] for p in r.json], lambda: "search finds by description: %r" % r)
    r = w.ok("info", "node-service", "--json")
    check(r.json["package"]["display_name"] == "Node service", lambda: "info: %r" % r)
    check(w.spark("info", "no-such-package").code == 3, "an unknown package is exit 3")
    retold = write(os.path.join(w.folder, "retold"), {"a": "1"})
    for version, words, tags, seen in (("1.0.0", "first words", ["one"], ("first words", ["one"])),
                                       ("1.1.0", "second words", ["one", "two"], ("second words", ["one", "two"])),
                                       ("1.0.1", "words of an old line", ["old"], ("second words", ["one", "two"]))):
        write(retold, {"spark.json": manifest("retold", version, description=words, tags=tags)})
        w.ok("publish", retold, "--yes")
        p = w.server.call("GET", "/api/spark/packages/retold").json["package"]
        check((p["description"], p["tags"]) == seen, lambda: "%s tells what the package is: %r" % (version, p))


def packing(w):
    one, two = os.path.join(w.folder, "p1"), os.path.join(w.folder, "p2")
    files = {"spark.json": manifest("packed", "1.0.0"), "b.txt": "b", "a/x.sh": "#!/bin/sh\n", "skip.log": "x", ".gitignore": "*.log\n"}
    write(one, files)
    write(two, dict(reversed(list(files.items()))))
    for path in glob.glob(one + "/**", recursive=True):
        os.utime(path, (1e9, 1e9))
    sums = [hashlib.sha256(open(w.ok("pack", d, "-o", d + ".tar.zst") and d + ".tar.zst", "rb").read()).hexdigest() for d in (one, two)]
    check(sums[0] == sums[1], "the same files give the same bytes")
    w.ok("pack", one, "--gzip", "-o", one + ".tar.gz")
    names = sorted(m.name for m in tarfile.open(one + ".tar.gz"))
    check(names == [".gitignore", "a/x.sh", "b.txt", "spark.json"], "packed %s" % names)
    r = w.ok("publish", one, "--dry-run", "--json")
    check(sorted(f["path"] for f in r.json) == names, lambda: "--dry-run lists the files: %r" % r)
    write(one, {".env": "SECRET=1"})
    r = w.spark("publish", one, "--dry-run")
    check(r.code != 0 and ".env" in r.err, lambda: "secrets stop it: %r" % r)
    w.ok("publish", one, "--dry-run", "--force")
    write(two, {"spark.json": manifest("packed", "1.0.0", entry={"command": "x", "restart": {"policy": "maybe"}})})
    r = w.spark("publish", two, "--dry-run")
    check("entry.restart.policy" in r.err, lambda: "the fault is named: %r" % r)
    bare = write(os.path.join(w.folder, "My Probe"), {"main.py": "print('up')\n"})
    r = w.ok("publish", bare, "--dry-run")
    check("python3 -u main.py" in r.err and "my-probe" in r.err, lambda: "says what it inferred: %r" % r)
    w.ok("init", bare)
    check(json.load(open(os.path.join(bare, "spark.json")))["name"] == "my-probe", "init writes spark.json")


def install(w):
    w.ok("install", "node-service", "python-sensor@^1", "c-program@1.0.0", "crasher")
    check(w.spark("install", "crasher@^2").code != 0, "a range that nothing fits")
    for name, file in (("node-service", "server.js"), ("python-sensor", "sensor.py"), ("c-program", "bin/meter"), ("crasher", "crash.sh")):
        p = w.packages(name)
        check(os.path.exists(os.path.join(p, file)), "%s has %s" % (name, file))
        meta = json.load(open(os.path.join(p, "package.json")))
        check(meta["netbit"]["version"] == "1.0.0" and len(meta["netbit"]["checksum"]) == 64, meta)
    check(json.load(open(os.path.join(w.packages("node-service"), "package.json")))["scripts"], "the package's own package.json is kept")
    r = w.ok("list", "--json")
    check([p["name"] for p in r.json] == ["c-program", "crasher", "node-service", "python-sensor"], lambda: "list: %r" % r)
    check("already" in w.ok("install", "crasher").err, "installing again says so")
    together = [subprocess.Popen([os.path.join(w.build, "spark"), "install", "c-program", "--force"], env=w.env, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL) for _ in range(4)]
    check([p.wait(patient(120)) for p in together] == [0] * 4, "four installs of one package at a time")
    left = [f for f in os.listdir(os.path.join(w.home, "spark", "store", "c-program")) if f.startswith(".")]
    check(not left, "left behind: %s" % left)


def broken_archives(w):
    """What the registry serves is not believed: damaged and hostile bytes leave the installed version alone."""
    name = "hostile"
    folder = write(os.path.join(w.folder, name), {"spark.json": manifest(name, "1.0.0"), "v": "1"})
    w.ok("publish", folder)
    w.ok("install", name)

    def upload(version, data):
        t = w.token()
        a = w.server.call("POST", "/api/spark/packages/%s/versions" % name, {"version": version}, token=t)
        check(a.status == 201, a)
        a = w.server.call("PUT", "/api/spark/packages/%s/versions/%s/archive" % (name, version), data, token=t,
                          headers={"Content-Type": "application/octet-stream"})
        check(a.status in (200, 201), a)

    def tar(*entries):
        b = io.BytesIO()
        with tarfile.open(fileobj=b, mode="w:gz") as t:
            for path, kind, extra in entries:
                i = tarfile.TarInfo(path)
                i.type = kind
                if kind == tarfile.REGTYPE:
                    i.size = len(extra)
                    t.addfile(i, io.BytesIO(extra))
                else:
                    i.linkname = extra
                    t.addfile(i)
        return b.getvalue()

    spark = ("spark.json", tarfile.REGTYPE, manifest(name, "9.9.9").encode())
    cases = {"2.0.1": tar(("../evil", tarfile.REGTYPE, b"x"), spark), "2.0.2": tar(("l", tarfile.SYMTYPE, "/etc"), ("l/x", tarfile.REGTYPE, b"x")),
             "2.0.3": tar(("h", tarfile.LNKTYPE, "/etc/passwd")), "2.0.4": b"\x1f\x8b\x08 no archive at all", "2.0.5": tar(spark)[:60],
             "2.0.6": tar(spark), "2.0.7": tar(("p", tarfile.FIFOTYPE, ""))}
    for version, data in cases.items():
        upload(version, data)
        r = w.spark("install", "%s@%s" % (name, version))
        check(r.code != 0 and r.err.strip(), lambda: "%s is refused: %r" % (version, r))
        now = json.load(open(os.path.join(w.packages(name), "package.json")))["netbit"]["version"]
        check(now == "1.0.0" and open(os.path.join(w.packages(name), "v")).read() == "1", "%s left %s installed" % (version, now))
    check(not os.path.exists(os.path.join(w.home, "spark", "store", "evil")), "something came out beside the package")
    left = [f for f in os.listdir(os.path.join(w.home, "spark", "store", name)) if f.startswith(".tmp")]
    check(not left, "left behind: %s" % left)
    t = w.token()
    check(w.server.call("PUT", "/api/spark/packages/%s/versions/1.0.0/archive" % name, b"x" * 100, token=t,
                        headers={"Content-Type": "application/octet-stream"}).status == 409, "an archive never changes")
    r = w.spark("update")
    check(r.code != 0 and "1.0.0" in w.spark("list").out, lambda: "update of a hostile package: %r" % r)
    w.ok("uninstall", name)


def resume(w):
    """A broken download goes on where it stopped; one that began as something else starts again."""
    folder = write(os.path.join(w.folder, "big"), {"spark.json": manifest("big", "1.0.0"), "noise": os.urandom(3 << 20)})
    sum_ = w.ok("publish", folder, "--json").json["checksum"]
    w.ok("pack", folder, "-o", folder + ".tar.zst")
    data = open(folder + ".tar.zst", "rb").read()
    check(hashlib.sha256(data).hexdigest() == sum_, "pack and publish agree")
    store = os.path.join(w.home, "spark", "store", "big")
    for part in (data[:1 << 20], b"\0" * (1 << 20), data, data + b"more"):
        write(store, {".part-" + sum_: part})
        w.ok("install", "big", "--force")
        check(os.path.getsize(os.path.join(w.packages("big"), "noise")) == 3 << 20, "the file is whole")
    write(folder, {"spark.json": manifest("big", "1.1.0")})
    w.ok("pack", folder, "-o", folder + ".tar.zst")
    data, t = open(folder + ".tar.zst", "rb").read(), w.token()
    path = "/api/spark/packages/big/versions"
    check(w.server.call("POST", path, {"version": "1.1.0", "checksum": hashlib.sha256(data).hexdigest()}, token=t).status == 201, "version made")
    a = w.server.call("PUT", path + "/1.1.0/archive", data[:1 << 20], token=t,
                      headers={"Content-Range": "bytes 0-%d/%d" % ((1 << 20) - 1, len(data)), "Content-Type": "application/octet-stream"})
    check(a.status in (200, 202), a)
    check(w.server.call("GET", path + "/1.1.0/archive/upload", token=t).json["offset"] == 1 << 20, "the server knows how far it came")
    w.ok("publish", folder)
    w.ok("update", "big")
    check(json.load(open(os.path.join(w.packages("big"), "package.json")))["netbit"]["version"] == "1.1.0", "updated")


def signing(w):
    folder = write(os.path.join(w.folder, "signed"), {"spark.json": manifest("signed", "1.0.0"), "v": "1"})
    w.ok("key", "new", "author")
    w.ok("publish", folder, "--key", "author")
    r = w.ok("install", "signed")
    check("Signed by" in r.err, lambda: "%r" % r)
    write(folder, {"spark.json": manifest("signed", "1.1.0")})
    w.ok("publish", folder)
    r = w.spark("update", "signed")
    check(r.code == 5 and "signed" in r.err, lambda: "an unsigned version of a signed package: %r" % r)
    w.ok("update", "signed", "--trust")


def run(w):
    r = w.ok("run", "node-service", "--name", "web")
    unit = re.match(r"[0-9a-f-]{36}\n", r.out)
    check(unit, lambda: "the id is printed: %r" % r)
    w.ok("run", "python-sensor", "--name", "sensor", "--env", "ROOM=attic", "--", "--period", "0.1")
    w.ok("run", "c-program", "--name", "meter")
    w.wait("web is healthy", lambda: w.units()["web"]["health"] == "healthy")
    w.wait("all run", lambda: all(w.units()[n]["status"] == "running" for n in ("web", "sensor", "meter")))
    w.wait("the sensor measures the attic", lambda: "attic" in w.spark("logs", "sensor").out and "temperature=" in w.spark("logs", "sensor").out)
    w.wait("a unit is measured soon after somebody asks", lambda: w.units()["meter"]["rss_bytes"] > 0)
    check(w.spark("run", "never-installed").code == 3, "a package that is not installed")
    check(w.spark("stop", "no-such-unit").code == 3, "a unit that is not there")
    w.wait("the server has the units", lambda: (w.remote("web") or {}).get("status") == "running" and w.remote("meter"))
    check(w.remote("web")["unit_id"] == unit[0].strip(), "the same id on the server")
    w.ok("restart", unit[0][:18])
    w.wait("it listens again", lambda: w.spark("logs", "web").out.count('"listening"') == 2)
    check('"stopping"' in w.ok("logs", "web", "-n", "-1").out, "a polite restart by the beginning of an id")


def logs(w):
    w.wait("some lines", lambda: len(w.spark("logs", "sensor").out.splitlines()) > 5)
    n = len(w.ok("logs", "sensor", "-n", "3").out.splitlines())
    check(n == 3, "-n 3 gave %d lines" % n)
    p = subprocess.Popen([os.path.join(w.build, "spark"), "logs", "sensor", "-n", "1", "-f", "--json"], env=w.env, stdout=subprocess.PIPE, text=True)
    seen = [json.loads(p.stdout.readline())["number"] for _ in range(5)]
    p.terminate()
    p.wait()
    check(seen == list(range(seen[0], seen[0] + 5)), "followed lines %s" % seen)
    r = w.spark("run", "c-program", "--name", "broken", "--restart", "never", "--", "--nonsense", "1")
    check(r.code == 0 or r.code == 6 and "exit 2" in r.err, lambda: "it may have failed by the time that it is told to run: %r" % r)
    w.wait("broken failed", lambda: w.units()["broken"]["status"] == "failed")
    check("unknown option" in w.ok("logs", "broken", "--level", "error").out, "errors only")
    check("unknown option" not in w.ok("logs", "broken", "--level", "fatal").out, "fatal only")
    u = w.units()["broken"]
    check(u["exit_code"] == 2 and u["reason"], u)


def crash(w):
    w.ok("run", "crasher", "--name", "crasher", "--env", "LIVES_S=1")
    w.wait("restarted twice", lambda: w.units()["crasher"]["restarts"] >= 2)
    check(w.ok("logs", "crasher", "-n", "-1").out.count("out of ideas") >= 2, "each crash is in the log")
    w.ok("stop", "crasher")
    pid = w.units()["meter"]["pid"]
    os.kill(pid, signal.SIGKILL)
    w.wait("meter is back", lambda: w.units()["meter"]["status"] == "running" and w.units()["meter"]["pid"] not in (0, pid))


def pause(w):
    w.ok("pause", "sensor")
    check(w.units()["sensor"]["status"] == "paused", "paused")
    last = lambda: w.spark("logs", "sensor", "-n", "1", "--json").json["number"]  # noqa: E731

    def quiet():  # five of its periods; what it had written before comes first
        before = last()
        time.sleep(0.5)
        return last() == before

    w.wait("a paused unit writes nothing", quiet)
    first = last()
    w.ok("resume", "sensor")
    check(w.units()["sensor"]["status"] == "running", "resumed")
    w.wait("it writes again", lambda: last() > first, about="sensor")
    check("not sent" not in w.ok("logs", "sensor", "-n", "-1").out, "its metrics find the agent")


def update_under_a_unit(w):
    """A unit keeps the version it was started from, also over a crash; the next run takes the new one."""
    folder = os.path.join(w.folder, "keeps")
    entry = {"command": "sh", "args": ["-c", "echo version $(cat v); sleep 1000"], "restart": {"policy": "always", "min": "50ms"}}
    write(folder, {"spark.json": manifest("keeps", "1.0.0", entry=entry), "v": "one"})
    w.ok("publish", folder)
    w.ok("install", "keeps")
    w.ok("run", "keeps", "--name", "old")
    write(folder, {"spark.json": manifest("keeps", "1.1.0", entry=entry), "v": "two"})
    w.ok("publish", folder)
    check("1.0.0 -> 1.1.0" in w.ok("update", "--check").err, "update --check tells")
    w.ok("update")
    w.ok("run", "keeps", "--name", "new")
    os.kill(w.units()["old"]["pid"], signal.SIGKILL)
    w.wait("old came back", lambda: w.spark("logs", "old").out.count("version") == 2)
    check(w.spark("logs", "old").out.split() == ["version", "one"] * 2, lambda: w.spark("logs", "old").out)
    w.wait("new runs", lambda: "version two" in w.spark("logs", "new").out)
    r = w.spark("uninstall", "keeps")
    check(r.code == 6 and "stop it" in r.err, lambda: "not under a running unit: %r" % r)
    w.ok("rm", "old", "new")
    w.ok("uninstall", "keeps")
    check(not os.path.lexists(w.packages("keeps")), "uninstalled")


def agent_dies(w):
    before = {n: u["pid"] for n, u in w.units().items() if u["status"] == "running"}
    pids = list(w.agent_pid())
    check(pids, "an agent runs")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    check("agent" in w.spark("status").err or w.units(), "status works without an agent")
    w.ok("start", "crasher")  # starts an agent, which adopts what runs
    after = {n: u["pid"] for n, u in w.units().items() if n in before}
    check(before == after, "units went on: %s, %s" % (before, after))
    w.ok("stop", "crasher")


def memory(w):
    """Connected, and with units that write all the time, the agent stays small; bench/spark/run tells how small with quiet ones."""
    pid = int(open(os.path.join(w.home, "spark", "agent.lock")).read())

    def size(what):
        return int(re.search(what + r":\s+(\d+)", open("/proc/%d/status" % pid).read())[1]) / 1024

    if size("VmSize") > 1 << 20:                              # a sanitizer's
        return
    w.remote("sensor")                                        # it reports
    seen, end = [], time.monotonic() + 12                     # longer than the ten seconds between measurements
    while time.monotonic() < end:
        seen.append(size("VmRSS"))
        time.sleep(0.05)
    check(max(seen) < 7, lambda: "the agent has %.1f MB at most, %.1f at least" % (max(seen), min(seen)))


def offline(w):
    """Without the server everything but the registry works, and the server hears of it afterwards."""
    w.server.kill()
    began = time.monotonic()
    w.ok("run", "c-program", "--name", "offline")
    print("run without a server: %.3f s" % (time.monotonic() - began), flush=True)
    w.wait("it runs", lambda: w.units()["offline"]["status"] == "running")
    check(w.spark("search", "x").code == 7, "search says that the server is away")
    w.server.start()
    w.wait("the server hears of it", lambda: (w.remote("offline") or {}).get("status") == "running")


def counter(w, name):
    """The folder of a published package whose unit numbers its lines."""
    script = 'i=0; while :; do echo "line $i"; i=$((i + 1)); sleep 0.1; done'
    folder = write(os.path.join(w.folder, name), {"spark.json": manifest(name, "1.0.0", entry={"command": "sh", "args": ["-c", script]})})
    w.ok("publish", folder)
    return folder


def every_line_once(lines):
    check(lines == ["line %d" % i for i in range(len(lines))], lambda: "every line once and in order: %s" % lines)


def signed_out(w):
    """A machine's token is revoked: its person is told, nothing is lost meanwhile, and the next sign-in goes on where it was."""
    folder = counter(w, "counts")
    w.ok("install", "counts")
    w.ok("run", "counts", "--name", "counts")
    unit = w.wait("the server has it", lambda: w.remote("counts"))["unit_id"]
    session = w.server.login()

    def stored():
        return [r["message"] for r in pages(w.server, "/api/spark/units/%s/logs?order=asc" % unit, "logs", session)]

    w.wait("its lines arrive", lambda: len(stored()) > 5)
    for t in w.server.call("GET", "/api/v1/tokens", token=session).json["items"]:
        check(w.server.call("DELETE", "/api/v1/tokens/%d" % t["id"], token=session).status == 204, "a token is revoked")
    w.wait("the person is told", lambda: "spark login" in repr(w.spark("status")))
    check("войдите" in repr(w.spark("status", NETBIT_LANG="ru")), "and in Russian")
    r = w.spark("publish", folder)
    check(r.code == 4 and "login" in r.err, lambda: "publishing says what to do: %r" % r)
    before = len(stored())
    w.ok("run", "c-program", "--name", "unheard")
    w.wait("units go on", lambda: len(w.ok("logs", "counts", "-n", "-1").out.splitlines()) > before + 20 and w.units()["unheard"]["status"] == "running")
    check(len(stored()) == before and w.remote("unheard", session) is None, "the server hears nothing")
    w.ok("login", w.server.url, "--login", ADMIN[0], "--password-stdin", stdin=ADMIN[1] + "\n")
    w.wait("the server hears what it has missed", lambda: len(stored()) > before + 20 and (w.remote("unheard") or {}).get("status") == "running")
    every_line_once(stored())
    w.ok("rm", "counts", "unheard", "--force")


def without_the_right(w):
    """A person may not report units any more: they are told to ask for the right, and with it the machine goes on by itself. Another person's
    sign-in on their machine is told what is wrong, too."""
    home, session = os.path.join(w.folder, "home-of-petr"), w.server.login()
    w.homes.append(home)
    w.server.user("petr")
    petr = next(u["id"] for u in w.server.call("GET", "/api/v1/users?limit=200", token=session).json["items"] if u["login"] == "petr")
    role = lambda r: check(w.server.call("PATCH", "/api/v1/users/%d" % petr, {"role": r}, token=session).status == 200, r)  # noqa: E731
    as_petr = ("login", w.server.url, "--login", "petr", "--password-stdin")
    says = lambda what, **env: what in repr(w.spark("status", home=home, **env))  # noqa: E731
    counter(w, "ticks")
    w.ok(*as_petr, stdin="password of petr\n", home=home)
    w.ok("install", "ticks", home=home)
    unit = w.ok("run", "ticks", "--name", "ticks", home=home).out.strip()
    here = lambda: len(w.spark("logs", "ticks", "-n", "-1", home=home).out.splitlines())  # noqa: E731

    def stored():
        return [r["message"] for r in pages(w.server, "/api/spark/units/%s/logs?order=asc" % unit, "logs", session)]

    w.wait("the server has it", lambda: w.server.call("GET", "/api/spark/units/" + unit, token=session).status == 200)
    w.wait("its lines arrive", lambda: len(stored()) > 5)
    role("auditor")
    w.wait("the person is told what to ask for", lambda: says("unit:write") and says("ask an administrator"))
    w.wait("and in Russian", lambda: says("попросите это право", NETBIT_LANG="ru"))
    check(not says("no longer takes"), "and not that the token is invalid")
    before = len(stored())
    w.wait("the unit goes on", lambda: here() > before + 20)
    check(len(stored()) == before, "the server hears nothing")
    role("user")
    w.wait("the server hears what it has missed, without another sign-in", lambda: len(stored()) > before + 20)
    every_line_once(stored())
    w.ok("login", w.server.url, "--login", ADMIN[0], "--password-stdin", stdin=ADMIN[1] + "\n", home=home)
    w.wait("a machine of another person", lambda: says("another person's"))
    w.wait("and in Russian", lambda: says("за другим человеком", NETBIT_LANG="ru"))
    before = len(stored())
    w.ok(*as_petr, stdin="password of petr\n", home=home)
    w.wait("its owner goes on", lambda: len(stored()) > before + 5)
    every_line_once(stored())
    w.ok("rm", "ticks", "--force", home=home)


def grants(w):
    """A private package, shown to another person and hidden again."""
    other = os.path.join(w.folder, "other-home")
    w.server.user("maria")
    w.ok("publish", write(os.path.join(w.folder, "private"), {"spark.json": manifest("private", "1.0.0", public=False)}))
    w.ok("login", w.server.url, "--login", "maria", "--password-stdin", stdin="password of maria\n", home=other)
    check(w.spark("info", "private", home=other).code == 3, "unknown to others")
    check("Nobody" in repr(w.ok("grants", "private")), "nobody at first")
    w.ok("grants", "private", "add", "maria")
    listed = w.ok("grants", "private", "--json").json
    check([g["login"] for g in (listed if isinstance(listed, list) else next(iter(listed.values())))] == ["maria"], lambda: "the list: %r" % listed)
    check("maria" in w.ok("grants", "private").out, "the list for people")
    w.ok("install", "private", home=other)
    check(w.spark("grants", "private", home=other).code == 4, "only who may change the package grants it")
    check(w.spark("grants", "private", "add").code == 2 and w.spark("grants", "private", "sometimes", "maria").code == 2, "usage")
    check(w.spark("grants", "private", "add", "no-such-person").code == 3, "an unknown login")
    w.ok("grants", "private", "remove", "maria")
    check(w.spark("info", "private", home=other).code == 3, "hidden again")
    check("может установить" in repr(w.ok("grants", "private", "add", "maria", NETBIT_LANG="ru")), "in Russian")


def remote_stop(w):
    a = w.server.call("DELETE", "/api/spark/units/" + w.remote("offline")["unit_id"], token=w.token())
    check(a.status in (200, 202, 204), a)
    w.wait("the unit stops here", lambda: w.units().get("offline", {"status": "stopped"})["status"] == "stopped")


def russian(w):
    r = w.spark("status", NETBIT_LANG="ru")
    check("СТАТУС" in r.out, lambda: "%r" % r)
    check("Опубликовать" in w.spark("--help", NETBIT_LANG="ru").out, "help in Russian")
    bad = write(os.path.join(w.folder, "bad-ru"), {"spark.json": manifest("Плохое имя", "1.0.0")})
    r = w.spark("publish", bad, "--yes", NETBIT_LANG="ru")
    check(r.code != 0 and "должно начинаться с буквы" in r.err, lambda: "a fault in Russian: %r" % r)


def removal(w):
    w.ok("stop", "web", "sensor", "meter")
    check(all(w.units()[n]["status"] == "stopped" for n in ("web", "sensor", "meter")), "all stopped")
    w.ok("rm", "web", "sensor", "meter", "crasher", "broken")
    check(not {"web", "sensor", "meter", "crasher", "broken"} & set(w.units()), "forgotten")
    w.ok("uninstall", "node-service", "python-sensor")
    check(sorted(os.listdir(os.path.join(w.home, "spark", "packages")))[:2] == ["big", "c-program"], "uninstalled")
    token = w.token()
    w.ok("logout")
    check(w.server.call("GET", "/api/v1/me", token=token).status == 401, "the token is revoked")


parts = [login, publish, packing, install, broken_archives, resume, signing, run, logs, crash, pause, memory, update_under_a_unit, agent_dies, offline, signed_out, without_the_right, grants,
         remote_stop, russian, removal]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--build", default="build")
    a.add_argument("--database", default="sqlite", choices=["sqlite", "postgres"])
    a.add_argument("--keep", action="store_true")
    a.add_argument("part", nargs="*", help="only these (and login)")
    args = a.parse_args()
    w = World(args.build, args.database)
    w.server.start()
    try:
        for part in parts:
            if args.part and part.__name__ not in args.part and part is not login:
                continue
            before = count.failed
            count.part(part.__name__, part, w)
            print("%-20s %s" % (part.__name__, "ok" if count.failed == before else "FAILED"), flush=True)
    finally:
        try:
            w.close(args.keep)
        except Exception as e:
            check(False, "closing: %s" % e)
    count.finish()


if __name__ == "__main__":
    main()
