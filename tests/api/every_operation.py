#!/usr/bin/env python3
"""Calls every operation of the server's own OpenAPI document with a valid request, and holds what happens against that document: parameters and bodies that are sent
must fit it, the status must be a documented one, the answer must fit its schema and have no members beyond it. What the document lists and nothing here calls fails
the test: a new operation needs a line in the story below.

usage: tests/api/every_operation.py [--binary FILE] [--database sqlite|postgres]
"""
import argparse, base64, datetime, hashlib, hmac, http.client, http.server, io, json, os, re, struct, sys, tarfile, threading, time, urllib.parse, uuid

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from netbit import Count, Never, Server, patient, wait_for  # noqa: E402
from ws import Socket  # noqa: E402

formats = jsonschema.FormatChecker(formats=())


@formats.checks("date-time")
def is_time(v):
    return not isinstance(v, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", v)


@formats.checks("uuid", raises=ValueError)
def is_uuid(v):
    return not isinstance(v, str) or uuid.UUID(v)


@formats.checks("int64")
def is_int64(v):
    return not isinstance(v, int) or -2 ** 63 <= v < 2 ** 63


def closed(schema):
    """The schema, but with no members beyond those that it names."""
    if isinstance(schema, list):
        return [closed(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = {k: closed(v) if k != "enum" else v for k, v in schema.items()}
    if isinstance(out.get("properties"), dict) and out.get("type") == "object":
        out.setdefault("additionalProperties", False)
    return out


class Fault(Exception):
    pass


class Walk:
    """One server, its document, and which operations were called."""

    def __init__(self, server, count):
        self.server, self.count, self.called = server, count, set()
        self.doc = server.call("GET", "/api/openapi.json").json
        self.components = {"schemas": closed(self.doc["components"]["schemas"])}
        self.operations = {op["operationId"]: (method.upper(), path, op) for path, item in self.doc["paths"].items() for method, op in item.items()}
        self.tokens = {None: None, "admin": server.login()}
        for login in ("ann", "bob", "carol"):
            self.tokens[login] = server.user(login)

    def fits(self, value, schema, what):
        try:
            jsonschema.Draft202012Validator(dict(closed(schema), components=self.components), format_checker=formats).validate(value)
        except jsonschema.ValidationError as e:
            raise Fault("%s does not fit the document: %s at %s" % (what, e.message[:500], "/".join(map(str, e.absolute_path)) or "the top"))

    def address(self, path, op, values, query):
        known = {p["name"]: p for p in op.get("parameters", ())}
        any_name = next((p for p in known.values() if p.get("explode")), None)
        for name, p in known.items():
            if p.get("required") and name not in (values if p["in"] == "path" else query) and p["in"] != "header":
                raise Fault("the document requires the parameter '%s'" % name)
        for name, value in list(values.items()) + list(query.items()):
            if name not in known and not any_name:
                raise Fault("the parameter '%s' is not in the document" % name)
            if name in known:
                self.fits(value, known[name]["schema"], "the parameter '%s'" % name)
        for name, value in values.items():
            path = path.replace("{%s}" % name, urllib.parse.quote(str(value), safe=""))
        if "{" in path:
            raise Fault("a parameter of the path is missing: " + path)
        text = {k: str(v).lower() if isinstance(v, bool) else v for k, v in query.items()}
        return path + ("?" + urllib.parse.urlencode(text) if text else "")

    def body(self, op, body, headers):
        content = op.get("requestBody", {}).get("content")
        if body is None:
            if op.get("requestBody", {}).get("required"):
                raise Fault("the document requires a body")
            return
        if not content:
            raise Fault("the document knows no body")
        kind = headers.setdefault("Content-Type", next(iter(content))).split(";")[0]
        if kind not in content:
            raise Fault("the document knows no body of type " + kind)
        if not isinstance(body, (bytes, str)):
            self.fits(body, content[kind].get("schema", {}), "the body")

    def answer(self, op, a):
        responses = op["responses"]
        if str(a.status) not in responses:
            raise Fault("the document knows %s, not this" % ", ".join(s for s in responses if s != "default"))
        content = responses[str(a.status)].get("content")
        if not content:
            if a.body:
                raise Fault("a body although the document knows none")
            return None
        kind = a.headers.get("content-type", "").split(";")[0]
        if kind not in content:
            raise Fault("the type %s is not in the document" % kind)
        if kind != "application/json":
            return a.body
        try:
            value = json.loads(a.body)
        except ValueError as e:
            raise Fault("no JSON: %s" % e)
        self.fits(value, content[kind]["schema"], "the answer")
        return value

    def __call__(self, name, /, who="ann", body=None, query=None, headers=None, status=None, **values):
        """Calls an operation; returns its answer: JSON as values, else bytes."""
        if name not in self.operations:
            raise Never("the document has no operation '%s'" % name)
        method, path, op = self.operations[name]
        self.called.add(name)
        a, value, headers = None, None, dict(headers or {})
        try:
            where = self.address(path, op, values, query or {})
            self.body(op, body, headers)
            a = self.server.call(method, where, body, self.tokens.get(who, who), headers, timeout=patient())
            value = self.answer(op, a)
            if status and a.status != status:
                raise Fault("status %d was expected" % status)
            self.count.check(True, name)
        except Fault as e:
            self.count.check(False, "%s (%s %s): %s\n    %r" % (name, method, path, e, a))
            if a is None or a.status >= 400:
                raise Never("the story cannot go on after this; %d operations were called" % len(self.called))
        return value

    def wait(self, name, ready, /, **how):
        """Asks again until the answer is as wanted; what was asked before that does not count."""
        got = []
        wait_for("%s as wanted" % name, lambda: got.append(self(name, **how)) or ready(got[-1]), told=lambda: repr(got[-1]))
        return got[-1]

    def socket(self, name, who, protocol=None):
        """Opens a WebSocket row."""
        method, path, op = self.operations[name]
        self.called.add(name)
        ws = Socket(self.server, {"Authorization": "Bearer " + self.tokens[who]}, path, protocol)
        self.count.check(str(ws.status) in op["responses"] and ws.status == 101, "%s: %s" % (name, ws.head))
        return ws

    def follow(self, name, who, accept, query, /, **values):
        """Opens a row that goes on, and reads the first piece of it."""
        method, path, op = self.operations[name]
        self.called.add(name)
        c = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=patient())
        c.request(method, self.address(path, op, values, query), headers={"Authorization": "Bearer " + self.tokens[who], "Accept": accept})
        r = c.getresponse()
        kind = (r.getheader("Content-Type") or "").split(";")[0]
        first = r.fp.readline() if r.status == 200 else r.read()
        c.close()
        self.count.check(r.status == 200 and kind == accept and kind in op["responses"]["200"]["content"] and first,
                         "%s as %s: %d %s %r" % (name, accept, r.status, kind, first[:300]))


def one_time_code(secret, step):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    return "%06d" % ((struct.unpack_from(">I", mac, mac[19] & 15)[0] & 0x7fffffff) % 1000000)


def package_file():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for name, text in (("spark.json", '{"name": "tool", "version": "1.0.0", "type": "script", "start": "python3 tool.py"}'), ("tool.py", "print(1)\n"),
                           ("README.md", "# Tool\n\nWhat it does.\n")):
            i = tarfile.TarInfo(name)
            i.size = len(text)
            t.addfile(i, io.BytesIO(text.encode()))
    return out.getvalue()


# ---- the story ----

def node(w):
    for name in ("health_get", "ready_get", "metrics", "openapi_get", "asyncapi_get"):
        w(name, None)
    w("node_get", None)
    w("node_update", "admin", {"name": "The lab"})
    w("node_storage_get", "admin")


def account(w):
    w("auth_register", None, {"login": "dora", "password": "password of dora", "display_name": "Dora", "email": "dora@example.org"})
    got = w("auth_login", None, {"login": "dora", "password": "password of dora"})
    got = w("auth_refresh", None, {"refresh_token": got["refresh_token"]})
    w.tokens["dora"] = got["access_token"]
    w("me_get", "dora")
    w("me_update", "dora", {"display_name": "Dora the Second"})
    w("auth_password", "dora", {"current": "password of dora", "password": "another one of dora"})
    secret = w("me_totp_begin", "dora")["secret"]
    w("me_totp_confirm", "dora", {"code": one_time_code(secret, int(time.time()) // 30)})
    w("me_totp_delete", "dora", {"password": "another one of dora"})
    w.server.login("dora", "another one of dora")
    sessions = w("session_list", "dora")["items"]
    other = next(s for s in sessions if not s["current"])
    w("session_delete", "dora", id=other["id"])
    token = w("token_create", "dora", {"name": "ci", "scopes": "package:read"})
    w("token_list", "dora")
    w("token_delete", "dora", id=token["id"])
    w("me_export", "dora")
    w("auth_logout", "dora", {})
    w.tokens["dora"] = w.server.login("dora", "another one of dora")
    w("me_delete", "dora")


def people(w):
    bob = w("user_list", "admin", query={"text": "bob", "limit": 10})["items"][0]["id"]
    w("user_get", "admin", id=bob)
    w("user_update", "admin", {"display_name": "Bob"}, id=bob)
    link = w("user_reset_create", "admin", id=bob)
    w("auth_reset", None, {"token": link["token"], "password": "a new one of bob"})
    w.tokens["bob"] = w.server.login("bob", "a new one of bob")
    invite = w("invite_create", "admin", {"note": "for Eve", "role": "user", "days": 3})
    w("invite_list", "admin")
    w("invite_delete", "admin", id=invite["id"])
    w("keys_rotate", "admin", {"drop_old": False})
    w.server.user("eve")
    w("user_delete", "admin", id=w("user_list", "admin", query={"text": "eve"})["items"][0]["id"])


def projects(w):
    project = w("project_create", body={"name": "plant", "visibility": "private"})["id"]
    w("project_list", query={"limit": 1})
    w("project_show", id=project)
    w("project_edit", body={"description": "Where it is warm."}, id=project)
    w("member_set", body={"role": "editor"}, id=project, login="bob")
    w("member_list", id=project)
    w("member_delete", id=project, login="bob")
    w("series_retention_get", id=project)
    w("series_retention_put", body={"raw_s": 86400, "minutes_s": 864000, "hours_s": 0}, id=project)
    w("project_delete", id=project)


def packages(w):
    data = package_file()
    w("package_create", body={"name": "tool", "display_name": "Tool", "category": "Tools", "tags": ["small"], "is_public": False})
    w("version_create", body={"version": "1.0.0", "changelog": "First."}, name="tool")
    at = {"name": "tool", "version": "1.0.0"}
    w("archive_state", **at)
    w("archive_put", body=data, headers={"X-Checksum-Sha256": hashlib.sha256(data).hexdigest()}, **at)
    got = w("archive_get", **at)
    w.count.check(got == data, "the archive comes back as it was")
    w("package_readme_get", **at)
    w("package_update", body={"description": "Does something."}, name="tool")
    w("packages_list", query={"limit": 5, "sort": "downloads"})
    w("packages_search", query={"q": "something", "limit": 5})
    w("categories_list")
    w("package_get", name="tool")
    w("package_stats", query={"days": 30}, name="tool")
    w("grant_create", body={"login": "bob"}, name="tool")
    w("grants_list", name="tool")
    w("package_install", "bob", {"package_name": "tool", "version": None})
    w("installations_list", "bob")
    w("package_uninstall", "bob", name="tool")
    w("version_yank", body={"reason": "broken"}, **at)
    w("version_unyank", **at)
    w("package_deprecate", body={"message": "use another"}, name="tool")
    w("package_create", body={"name": "waste", "display_name": "Waste"})
    w("package_delete", name="waste")


def units(w):
    w("package_install", body={"package_name": "tool"})
    unit = w("unit_create_row", body={"name": "t1", "package_name": "tool", "device_os": "linux"})["unit_id"]
    at = {"unit_id": unit}
    w("grant_create", body={"unit_id": unit}, name="tool")
    w("grant_end_unit", name="tool", **at)
    w("grant_end_user", name="tool", login="bob")
    w("units_list", query={"status": "starting", "limit": 10})
    w("unit_get", **at)
    w("unit_token_create", **at)
    w("unit_status_put", body={"status": "running", "pid": 7, "port": 8080}, **at)
    w("unit_heartbeat", body={"status": "running"}, **at)
    for name in ("unit_pause", "unit_resume", "unit_restart", "unit_stop", "unit_start"):
        w(name, **at)
    w("telemetry_post", body=[{"telemetry_type": "log", "level": "info", "message": "up"}, {"telemetry_type": "metric", "data": {"cpu_percent": 1.5}}], **at)
    w("telemetry_post", body={"telemetry_type": "event", "message": "one"}, **at)
    w("telemetry_get", query={"limit": 10, "order": "asc"}, **at)
    w("logs_get", query={"level": "info", "q": "up"}, **at)
    for accept in ("text/event-stream", "application/x-ndjson"):
        w.follow("logs_get", "ann", accept, {"follow": True}, **at)
        w.follow("live_follow", "ann", accept, {"topic": "unit/%s/state" % unit})
    w("metrics_get", query={"from": "2026-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}, **at)
    agent = w.socket("unit_agent", "ann")
    agent.say(type="hello", agent_id=str(uuid.uuid4()), epoch=str(uuid.uuid4()), host="box", os="linux", arch="x86_64", version="1", boot_id="b", units=[])
    agent.hear()
    w.count.check(len(w("agents_list")["agents"]) == 1, "the agent that has said hello is listed")
    w("unit_delete", **at)


def telemetry(w):
    now = int(time.time())
    w("telemetry_put", body={"series": [{"name": "temp", "labels": {"room": "hall"}, "unit": "degC", "points": [[now * 1000000, 21.5]]}]})
    w("telemetry_put", body="time,name,value\n%d,temp,22\n" % (now * 1000000 + 1), headers={"Content-Type": "text/csv"})
    binary = b"nbp1" + struct.pack("<III", 1, 14, 0) + struct.pack("<BBHHI", 0, 0, 4, 0, 1) + b"temp" + bytes(2) + struct.pack("<qd", now * 1000000, 1.0)
    w("telemetry_put", body=binary, headers={"Content-Type": "application/vnd.netbit.points"})
    w("influx_write", body="cpu,host=a usage=1.5 %d" % now, query={"db": "plant", "precision": "s"})
    w("influx_write_v2", body="cpu,host=a usage=1.5", query={"bucket": "plant"})
    w("influx_write_v3", body="cpu,host=a usage=1.5 %d" % now, query={"db": "plant", "precision": "second", "accept_partial": False, "no_sync": True})
    w("grafana_push", body="cpu,host=a usage=1.5", query={"gf_live_frame_format": "wide"}, stream="line-1")
    w("influx_query", body="q=SHOW+DATABASES")
    w("influx_query_get", query={"q": "SHOW DATABASES"})
    w("influx_ping", None)
    w("prom_write", body=prom_request("up", {"job": "x"}, 1.0, now * 1000), headers={"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"})
    w("otlp_metrics", body=b"")
    w("otlp_metrics", body={"resourceMetrics": []}, headers={"Content-Type": "application/json"})
    w.socket("telemetry_socket", "ann")
    w.socket("live", "ann", "live.v1")


def prom_request(name, labels, value, t_ms):
    """A remote-write request of one sample, as one literal of a snappy block."""
    def field(n, data):
        return bytes([n << 3 | 2, len(data)]) + data

    def varint(n):
        out = b""
        while n > 127:
            out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])
    series = b"".join(field(1, field(1, k.encode()) + field(2, v.encode())) for k, v in sorted(dict(labels, __name__=name).items()))
    series += field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(t_ms))
    message = field(1, series)
    return varint(len(message)) + b"\xf0" + bytes([len(message) - 1]) + message


def series(w):
    found = w("series_list_get", query={"name": "temp", "label.room": "hall"})["items"]
    at = {"id": found[0]["id"]}
    w("series_show", **at)
    w("series_points_get", query={"from": "now-1h", "to": "now", "limit": 10}, **at)
    w("series_buckets_get", query={"n": 4}, **at)
    now = str(int(time.time()))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for name, query in (("promql_query", {"query": "temp", "time": now}), ("promql_query_range", {"query": "temp", "start": now, "end": now, "step": "15"}),
                        ("promql_labels", {}), ("promql_series", {"match[]": "temp"})):
        w(name, query=query)
        w(name + "_form", body=urllib.parse.urlencode(query), headers=form)
    w("promql_values", name="room")
    for name in ("promql_metadata", "promql_build", "promql_none", "promql_no_alerts", "promql_no_rules"):
        w(name)
    w("series_remove", **at)


def alerts(w, hook):
    channel = {"name": "hook", "kind": "webhook", "url": "http://127.0.0.1:%d/" % hook.server_port}
    at = {"id": w("alert_channel_create", body=channel)["id"]}
    w("alert_channels_list")
    w("alert_channel_get", **at)
    w("alert_channel_put", body=dict(channel, language="ru"), **at)
    w.count.check(w("alert_channel_test", **at)["delivered"], "the test message is delivered")
    rule = {"name": "hot", "kind": "above", "series": "oven", "threshold": 30, "for_s": 0, "channels": [at["id"]]}
    of_rule = {"id": w("alert_rule_create", body=rule)["id"]}
    w("alert_rules_list")
    w("alert_rule_get", **of_rule)
    w("alert_rule_put", body=dict(rule, severity="critical"), **of_rule)
    w("telemetry_put", body={"name": "oven", "v": 99})
    alert = w.wait("alerts_list", lambda page: page["alerts"], query={"state": "firing"})["alerts"][0]
    w("alert_get", id=alert["id"])
    w("alert_acknowledge", id=alert["id"])
    w("alert_hush", body={"for_s": 600, "reason": "known"}, id=alert["id"])
    w.wait("alert_deliveries_list", lambda page: page["deliveries"], **at)
    until = (datetime.datetime.utcnow() + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    silence = w("alert_silence_create", body={"labels": {"host": "box"}, "until": until})
    w("alert_silences_list")
    w("alert_silence_delete", id=silence["id"])
    w("alert_rule_delete", **of_rule)
    w("alert_channel_delete", **at)


# Actions that the story's calls leave no entry of: an entry every quarter of an hour is worth nothing (session.c); only its refusals are told.
NOT_RECORDED = {"session.refresh"}
# What addresses an object among its kind; a person who is not known here (a sign-in with a wrong name) has a name only.
NAMES, UUID = r"\S+", r"[0-9a-f-]{36}"
TARGETS = {"package": NAMES, "unit": UUID, "key": NAMES, "node": r"self"}
NUMBER = r"-?\d+"


def audited(w):
    """Every audited operation has left an entry that says to what it was done."""
    items, cursor = [], 0
    while not items or cursor:
        page = w("audit_search", "admin", query={"limit": 500, "cursor": cursor})
        items, cursor = items + page["items"], page["next_cursor"]
    for name, (_, _, op) in sorted(w.operations.items()):
        action = op.get("x-audit")
        if not action or name not in w.called or action in NOT_RECORDED:
            continue
        done = [e for e in items if e["action"] == action and e["outcome"] == "ok"]
        w.count.check(done, "%s is audited as %s, but there is no entry" % (name, action))
        for e in done:
            whole = e["target"] and e["target_kind"] and re.fullmatch(TARGETS.get(e["target_kind"], NUMBER), e["target_id"] or "")
            w.count.check(whole, lambda: "%s: the entry does not say to what: %r" % (action, {k: e[k] for k in ("target_kind", "target_id", "target")}))
    w.count.check(w("audit_check", "admin")["intact"], "the chain is whole")


def audit(w):
    audited(w)
    w("audit_search", "admin", query={"user": "ann", "limit": 10})
    w("audit_export", "admin", query={"action": "project.create"})
    w("audit_check", "admin")


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def dashboard(w):
    """The Grafana file that is shipped asks for figures that there are."""
    page = w("metrics", None).decode()
    there = set(re.findall(r"^(\w+?)(?:\{| )", page, re.M))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy", "grafana", "netbit.json"), encoding="utf-8") as f:
        asked = {name for panel in json.load(f)["panels"] for t in panel.get("targets", ()) for name in re.findall(r"\b(?:netbit|process)_\w+", t["expr"])}
    w.count.check(len(asked) > 15 and asked <= there, lambda: "the dashboard asks for %s, which /metrics has not" % sorted(asked - there))


def setup(w, binary, database):
    """The first administrator, made with the console's link: on a server that has nobody yet."""
    with Server(binary, database, env={"NETBIT_ADMIN_LOGIN": None, "NETBIT_ADMIN_PASSWORD": None}) as server:
        token = re.search(r"/setup\?token=(\w+)", server.tail())
        there, w.server = w.server, server
        w("auth_setup", None, {"token": token[1], "login": "root", "password": "correct horse battery"})
        w.server = there


def story(count, hook, a):
    with Server(a.binary, a.database, env={"NETBIT_ALERT_PRIVATE_URLS": "true"}) as server:
        w = Walk(server, count)
        for part in (node, account, people, projects, packages, units, telemetry, series):
            part(w)
        alerts(w, hook)
        audit(w)
        dashboard(w)
        setup(w, a.binary, a.database)
        for name in w.operations:
            count.check(name in w.called, "nothing calls %s" % name)
        print("%d of %d operations called" % (len(w.called), len(w.operations)))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--binary", default="build/netbit")
    p.add_argument("--database", default="sqlite")
    a = p.parse_args()
    count = Count()
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    try:
        count.part("the story", story, count, hook, a)
    finally:
        hook.shutdown()
    count.finish()


if __name__ == "__main__":
    main()
