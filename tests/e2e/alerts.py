#!/usr/bin/env python3
"""Alerts from a failed unit to its receivers: a webhook (signed, first refusing, over a killed server) and a mail server (aiosmtpd).

Usage: tests/e2e/alerts.py [--build build] [--database sqlite|postgres]
"""
import argparse, email, email.policy, hashlib, hmac, http.server, json, os, subprocess, sys, threading, time

from aiosmtpd.controller import Controller

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from netbit import Server, free_port, patient, registered_unit, wait_for  # noqa: E402

KEY = "the key of the signature"


class Hooks(http.server.ThreadingHTTPServer):
    def __init__(self):
        self.got, self.refuse, self.lock = [], 0, threading.Lock()
        super().__init__(("127.0.0.1", 0), Hook)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.got.append((dict(self.headers), body))
            refuse = self.server.refuse > 0
            self.server.refuse -= refuse
        self.send_response(503 if refuse else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Letters:
    def __init__(self):
        self.got = []

    async def handle_DATA(self, server, session, envelope):
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 taken"


def check(ok, what):
    if not ok:
        raise SystemExit("wrong: " + what)


def made(answer):
    check(answer.status in (200, 201), repr(answer))
    return answer.json


def signed(headers, body):
    t, mac = headers["Netbit-Signature"].split(",")
    want = hmac.new(KEY.encode(), t[2:].encode() + b"." + body, hashlib.sha256).hexdigest()
    return mac == "sha256=" + want


def set_status(server, token, unit, **what):
    made(server.call("PUT", "/api/spark/units/%s/status" % unit, what, token))


def story(server, hooks, letters, build):
    token = server.user("ann")
    unit = registered_unit(server, token)
    hook = made(server.call("POST", "/api/v1/alert-channels", {"name": "hook", "kind": "webhook", "secret": KEY,
                            "url": "http://127.0.0.1:%d/in" % hooks.server_port}, token))
    check(hook["has_secret"] and "url" not in hook and KEY not in json.dumps(hook), "secrets of a channel are not shown")
    mail = made(server.call("POST", "/api/v1/alert-channels", {"name": "mail", "kind": "email", "language": "ru", "target": "ops@example.org"}, token))
    check(made(server.call("POST", "/api/v1/alert-channels/%d/test" % mail["id"], token=token)) == {"delivered": True, "error": None}, "a test letter")
    wait_for("the test letter", lambda: len(letters.got) == 1)

    hooks.refuse = 1
    set_status(server, token, unit, status="running")
    set_status(server, token, unit, status="failed", reason="exit 3")
    wait_for("the letter", lambda: len(letters.got) == 2)
    sender, to, content = letters.got[1]
    letter = email.message_from_bytes(content, policy=email.policy.default)
    check(sender == "netbit@example.org" and to == ["ops@example.org"], "envelope")
    check(letter["Subject"] == "Тревога: Юнит u не работает", letter["Subject"])
    check("Причина: exit 3" in letter.get_content(), letter.get_content())

    wait_for("the first try", lambda: len(hooks.got) == 1)
    server.kill()  # what is in the outbox is not forgotten
    server.start()
    # After five seconds, or half a minute when the server had not written down yet what became of the first.
    wait_for("the second try", lambda: len(hooks.got) == 2, 120)
    for headers, body in hooks.got:
        check(signed(headers, body), "signature")
        check(json.loads(body)["event"] == "firing" and json.loads(body)["alert"]["note"] == "exit 3", body)
    check(hooks.got[0][0]["Netbit-Delivery"] == hooks.got[1][0]["Netbit-Delivery"], "the same delivery")

    listed = subprocess.run([os.path.join(build, "netbit"), "alert", "list", "--json"], env=dict(server.env, NETBIT_DATA=os.path.join(server.folder, "data")),
                            capture_output=True, text=True, check=True)
    alert = json.loads(listed.stdout)
    alert = (alert if isinstance(alert, list) else next(iter(alert.values())))[0]
    check(alert["state"] == "firing", listed.stdout)
    hushed = made(server.call("POST", "/api/v1/alerts/%d/acknowledge" % alert["id"], token=token))
    check(hushed["acknowledged_by"] == "ann", "acknowledged")

    set_status(server, token, unit, status="starting")
    wait_for("that it is over", lambda: len(hooks.got) == 3 and len(letters.got) == 3)
    check(json.loads(hooks.got[2][1])["event"] == "resolved", "resolved")
    time.sleep(3)  # several rounds: nothing is told twice
    check(len(hooks.got) == 3 and len(letters.got) == 3, "told once")
    rows = made(server.call("GET", "/api/v1/alert-channels/%d/deliveries" % hook["id"], token=token))["deliveries"]
    check([(r["event"], r["sent_at"] is not None) for r in rows] == [("resolved", True), ("firing", True)], rows)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", default="build")
    p.add_argument("--database", default="sqlite")
    a = p.parse_args()
    hooks, letters = Hooks(), Letters()
    smtp = Controller(letters, hostname="127.0.0.1", port=free_port(), ready_timeout=patient())
    smtp.start()
    env = {"NETBIT_ALERT_PRIVATE_URLS": "true", "NETBIT_SMTP_URL": "smtp://127.0.0.1:%d" % smtp.port, "NETBIT_SMTP_FROM": "netbit@example.org"}
    try:
        with Server(os.path.join(a.build, "netbit"), a.database, env=env) as server:
            story(server, hooks, letters, a.build)
    finally:
        smtp.stop()
        hooks.shutdown()
    print("alerts: ok (%s)" % a.database)


main()
