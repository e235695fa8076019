"""A room's temperature and humidity, simulated. Readings go to stdout as text and to the agent as metrics by its line protocol
(NETBIT_SOCKET, a Unix datagram socket, or NETBIT_UDP, host:port)."""
import argparse
import math
import os
import random
import signal
import socket
import sys
import time


class Line:
    """The line protocol's other end, or nowhere."""

    def __init__(self):
        self.socket, self.to = None, None
        path, udp = os.environ.get("NETBIT_SOCKET"), os.environ.get("NETBIT_UDP")
        if path:
            self.socket, self.to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), path
        elif udp:
            host, port = udp.rsplit(":", 1)
            self.socket, self.to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), (host, int(port))

    def send(self, text):
        if self.socket:
            try:
                self.socket.sendto(text.encode() + b"\n", self.to)
            except OSError as e:
                print("warning: metric not sent: %s" % e, file=sys.stderr)


def readings(seed):
    """Endless (temperature, humidity): a slow wave, a little noise and, rarely, a window that somebody opens."""
    rng, cold = random.Random(seed), 0.0
    step = 0
    while True:
        if rng.random() < 0.01:
            cold = 4.0
        cold *= 0.95
        yield (21.5 + 1.5 * math.sin(step / 60) + rng.gauss(0, 0.05) - cold, 45 + 5 * math.cos(step / 90) + rng.gauss(0, 0.3) + cold)
        step += 1


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--count", type=int, default=0, help="readings to make; 0: endless")
    args.add_argument("--period", type=float, default=float(os.environ.get("PERIOD", "1")), help="seconds between them")
    args.add_argument("--seed", type=int, default=None)
    args.add_argument("--fail-after", type=int, default=0, help="raise an error after so many readings")
    a = args.parse_args()
    room, line = os.environ.get("ROOM", "lab"), Line()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("INFO simulating room %s every %g s" % (room, a.period))
    for n, (temperature, humidity) in enumerate(readings(a.seed), 1):
        print("%d temperature=%.2f humidity=%.1f" % (n, temperature, humidity))
        line.send("room,name=%s temperature=%.3f,humidity=%.2f" % (room, temperature, humidity))
        if a.fail_after and n >= a.fail_after:
            raise RuntimeError("the sensor fell off the wall after %d readings" % n)
        if n == a.count:
            break
        time.sleep(a.period)


if __name__ == "__main__":
    main()
