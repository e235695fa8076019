#!/usr/bin/env python3
"""The log of a unit on another machine: curl -N follows it, `spark logs` reads it from the server, with the time from write to follower.

Usage: tests/e2e/logs.py [--build build] [--database sqlite|postgres]
"""
import argparse, json, os, statistics, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from netbit import Server, patient, registered_unit  # noqa: E402


def check(ok, what):
    if not ok:
        raise SystemExit("wrong: %s" % (what,))


def write(server, token, unit, *records):
    a = server.call("POST", "/api/spark/units/%s/telemetry" % unit, list(records), token)
    check(a.status == 201, a)


def line(text, level="info"):
    return {"telemetry_type": "log", "level": level, "message": text}


def by_curl(server, token, unit):
    p = subprocess.Popen(["curl", "-sN", "-H", "Authorization: Bearer " + token, "-H", "Accept: application/x-ndjson",
                          "%s/api/spark/units/%s/logs?follow=1&limit=2" % (server.url, unit)], stdout=subprocess.PIPE, text=True)
    try:
        first = [json.loads(p.stdout.readline())["data"]["message"] for _ in range(2)]
        check(first == ["line 1998", "line 1999"], first)
        took = []
        for i in range(50):
            begun = time.monotonic()
            write(server, token, unit, line("now %d" % i))
            check(json.loads(p.stdout.readline())["data"]["message"] == "now %d" % i, i)
            took.append((time.monotonic() - begun) * 1000)
        print("write to follower: median %.1f ms, worst %.1f ms" % (statistics.median(took), max(took)))
    finally:
        p.kill()
        p.wait()


def by_spark(server, token, unit, build):
    home = os.path.join(server.folder, "home")
    os.mkdir(home)
    env = dict(os.environ, HOME=home, NETBIT_URL=server.url, NETBIT_TOKEN=token, NETBIT_LANG="en")

    def spark(*args):
        return subprocess.run([os.path.join(build, "spark"), "logs", *args], env=env, capture_output=True, text=True, timeout=patient())

    check(spark("u", "-n", "2").stdout.splitlines() == ["now 48", "now 49"], spark("u", "-n", "2"))
    check(spark(unit[:13], "-n", "1").stdout == "now 49\n", "by the beginning of its id")
    every = spark("u", "-n", "-1").stdout.splitlines()
    check(len(every) == 2051 and every[0] == "line 0", len(every))
    check(len(spark("u", "-n", "1500").stdout.splitlines()) == 1500, "more than a page")
    check(spark("u", "-l", "error").stdout == "trouble\n", spark("u", "-l", "error"))
    check(json.loads(spark("u", "-n", "1", "--json").stdout)["text"] == "now 49", "as JSON")
    check(spark("nobody").returncode == 3, spark("nobody"))
    p = subprocess.Popen([os.path.join(build, "spark"), "logs", "u", "-n", "1", "-f"], env=env, stdout=subprocess.PIPE, text=True)
    try:
        check(p.stdout.readline() == "now 49\n", "the last line first")
        write(server, token, unit, line("a"), line("b"))
        check([p.stdout.readline() for _ in range(2)] == ["a\n", "b\n"], "then what comes")
    finally:
        p.kill()
        p.wait()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", default="build")
    p.add_argument("--database", default="sqlite")
    a = p.parse_args()
    with Server(os.path.join(a.build, "netbit"), a.database) as server:
        session = server.user("ann")
        unit = registered_unit(server, session)
        token = server.access_token(session)
        write(server, token, unit, *[line("line %d" % i) for i in range(1000)], line("trouble", "error"), *[line("line %d" % i) for i in range(1000, 2000)])
        by_curl(server, token, unit)
        by_spark(server, token, unit, a.build)
    print("logs: ok (%s)" % a.database)


main()
