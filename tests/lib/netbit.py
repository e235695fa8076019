"""A real server for tests: starts the binary on a free port with its own folder and database, talks to it, kills it, starts it again."""
import http.client, json, os, shutil, signal, socket, subprocess, sys, tempfile, time, traceback, urllib.parse, uuid

ADMIN = ("admin", "correct horse battery")

# Patience, the one place for it: a deadline ends what hangs, it judges nothing; how long something took is printed. NETBIT_TEST_PATIENCE
# multiplies every deadline, for machines that are slower still.
PATIENCE = float(os.environ.get("NETBIT_TEST_PATIENCE") or 1)
NOT_YET = (LookupError, TypeError, ValueError, AttributeError, OSError)  # what asking for something that is not there raises

# Who ends a test from outside (a time limit, Ctrl-C in ./test) ends what it has started, too: `finally` runs.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def patient(seconds=60):
    """Seconds to wait for something that should take a moment."""
    return max(seconds, 60) * PATIENCE


class Never(AssertionError):
    """What was waited for did not come."""


def wait_for(what, test, seconds=60, told=lambda: ""):
    """The value of test() as soon as that is true; test() may stumble over what is not there yet. told() is added to what Never says."""
    began, why = time.monotonic(), None
    while True:
        try:
            value, why = test(), None
            if value:
                return value
        except NOT_YET as e:
            why = e
        if time.monotonic() - began > patient(seconds):
            raise Never("%s: not within %g s%s; %s" % (what, patient(seconds), " (%s: %s)" % (type(why).__name__, why) if why else "", safely(told)))
        time.sleep(0.05)


def safely(tell):
    """What tell() says, or why it cannot."""
    try:
        return tell()
    except Exception as e:
        return "%s: %s" % (type(e).__name__, e)


def free_port():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
    s.close()
    return port


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%d %s" % (self.status, self.body[:600])


class Server:
    def __init__(self, binary, database="sqlite", args=(), env=None, folder=None, prefix=()):
        self.command, self.args = list(prefix) + [os.path.abspath(binary)], list(args)
        self.own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="netbit-")
        self.port = free_port()
        self.env = dict(os.environ, NETBIT_ADMIN_LOGIN=ADMIN[0], NETBIT_ADMIN_PASSWORD=ADMIN[1], NETBIT_REGISTRATION="open",
                        NETBIT_SIGN_IN_PER_MINUTE="0", NETBIT_RATE_PER_MINUTE="0", NETBIT_LOG_FORMAT="json", NETBIT_LANG="en")
        self.env.update(env or {})
        self.env = {k: v for k, v in self.env.items() if v is not None}
        for name in ("PORT", "DATABASE_URL", "NETBIT_URL", "NETBIT_TOKEN"):
            self.env.pop(name, None)
        self.database = None
        if database == "postgres":
            self.database = make_postgres()
            self.env["DATABASE_URL"] = self.database
        self.process, self.log = None, open(os.path.join(self.folder, "server.log"), "ab")

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def start(self):
        data = os.path.join(self.folder, "data")
        self.process = subprocess.Popen(self.command + ["serve", "--listen", "127.0.0.1:%d" % self.port, "--data", data] + self.args,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=self.env)
        end = time.monotonic() + patient()
        while True:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended with %s:\n%s" % (self.process.returncode, self.tail()))
            try:
                if self.call("GET", "/ready").status == 200:
                    return self
            except OSError:
                pass
            if time.monotonic() > end:
                raise RuntimeError("the server is not ready:\n" + self.tail())
            time.sleep(0.02)

    def tail(self, n=4000):
        return open(os.path.join(self.folder, "server.log"), errors="replace").read()[-n:]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends the server as a person would; a sanitizer's complaint or a crash at the end is a failure."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(patient())
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise RuntimeError("the server does not stop:\n" + self.tail())
        code = self.process.returncode if self.process else 0
        tail = self.tail()
        self.log.close()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self.database:
            drop_postgres(self.database)
        if code not in (0, -signal.SIGKILL):
            raise RuntimeError("the server ended with %s:\n%s" % (code, tail))

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def call(self, method, path, body=None, token=None, headers=None, timeout=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout or patient())
        h = dict(headers or {})
        if token:
            h["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None and "Content-Type" not in h:
            h["Content-Type"] = "application/json"
        if isinstance(body, str):
            body = body.encode()
        try:
            c.request(method, path, body, h)
            r = c.getresponse()
            return Answer(r.status, {k.lower(): v for k, v in r.getheaders()}, r.read())
        finally:
            c.close()

    def login(self, login=ADMIN[0], password=ADMIN[1]):
        a = self.call("POST", "/api/v1/auth/login", {"login": login, "password": password})
        assert a.status == 200, a
        return a.json["access_token"]

    def user(self, login):
        """A registered user's token."""
        password = "password of " + login
        a = self.call("POST", "/api/v1/auth/register", {"login": login, "password": password, "display_name": login})
        assert a.status in (201, 409), a
        return self.login(login, password)


    def access_token(self, token, scopes="user package:read package:write unit:read unit:write telemetry:write series:read series:write"):
        """A personal access token of the user whose session is given."""
        a = self.call("POST", "/api/v1/tokens", {"name": "test", "scopes": scopes}, token)
        assert a.status == 201, a
        return a.json["token"]


def registered_unit(server, token):
    """A unit of a package that exists only by its external address."""
    for path, body in (("/api/spark/packages", {"name": "p", "display_name": "P", "is_public": True}),
                       ("/api/spark/packages/p/versions", {"version": "1.0.0", "download_url": "http://127.0.0.1/p.tar.gz", "checksum": "0" * 64}),
                       ("/api/spark/packages/install", {"package_name": "p", "version": None}),
                       ("/api/spark/units", {"name": "u", "package_name": "p"})):
        a = server.call("POST", path, body, token)
        assert a.status in (200, 201), a
    return a.json["unit_id"]


def pages(server, path, member, token):
    """All records of a list that is read by cursor."""
    cursor = ""
    while True:
        a = server.call("GET", path + "&limit=1000" + ("&cursor=" + cursor if cursor else ""), token=token)
        assert a.status == 200, a
        yield from a.json[member]
        cursor = a.json.get("next_cursor")
        if not cursor:
            return


def make_postgres():
    base = os.environ.get("NETBIT_TEST_POSTGRES")
    if not base:
        sys.exit("no PostgreSQL: run this through tools/with-postgres")
    name = "t_" + uuid.uuid4().hex[:12]
    psql(base, "CREATE DATABASE " + name)
    u = urllib.parse.urlsplit(base)
    return urllib.parse.urlunsplit(u._replace(path="/" + name))


def drop_postgres(url):
    psql(os.environ["NETBIT_TEST_POSTGRES"], "DROP DATABASE IF EXISTS %s WITH (FORCE)" % urllib.parse.urlsplit(url).path[1:])


def psql(url, sql):
    r = subprocess.run(["psql", "-XAtq", "-d", url, "-c", sql], capture_output=True, text=True)
    if r.returncode:
        raise RuntimeError(r.stderr)
    return r.stdout.strip()


class Count:
    """Counts checks and prints what failed; finish() prints the line that ./test adds up."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, ok, what):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED: %s" % (what() if callable(what) else what), flush=True)
        return ok

    def part(self, name, fn, *args):
        """Runs a part of a test: what it stumbles over is one failure, and the others still tell something."""
        try:
            fn(*args)
        except Never as e:
            self.check(False, "%s: %s" % (name, e))
        except Exception as e:
            at = traceback.extract_tb(e.__traceback__)[-1]
            self.check(False, "%s: %s: %s (%s:%d)" % (name, type(e).__name__, e, os.path.basename(at.filename), at.lineno))

    def finish(self):
        print("%d passed, %d failed" % (self.passed, self.failed))
        sys.exit(bool(self.failed) or not self.passed)
