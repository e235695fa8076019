"""A WebSocket client (RFC 6455) for tests, with nothing but the standard library."""
import base64, json, os, socket, struct

from netbit import patient


class Socket:
    """One connection; status 101: it is open. What the client may send is text."""

    def __init__(self, server, headers, path="/api/v1/live", protocol="live.v1"):
        self.s = socket.create_connection(("127.0.0.1", server.port), timeout=patient())
        key = base64.b64encode(os.urandom(16)).decode()
        headers = dict(headers, **({"Sec-WebSocket-Protocol": protocol} if protocol else {}))
        self.s.sendall(("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: %s\r\n%s\r\n" % (path, server.port, key, "".join("%s: %s\r\n" % h for h in headers.items()))).encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        self.status, self.head = int(head.split()[1]), head.decode()

    def more(self):
        got = self.s.recv(65536)
        if not got:
            raise EOFError
        self.data += got

    def take(self, n):
        while len(self.data) < n:
            self.more()
        out, self.data = self.data[:n], self.data[n:]
        return out

    def say(self, **message):
        text = json.dumps(message).encode()
        size = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0x80 | 126]) + struct.pack(">H", len(text))
        self.s.sendall(b"\x81" + size + bytes(4) + text)

    def hear(self):
        """The next message but heart beats: an object, a frame's bytes, or the close code as a number."""
        while True:
            first, second = self.take(2)
            n = second & 127
            n = struct.unpack(">H", self.take(2))[0] if n == 126 else struct.unpack(">Q", self.take(8))[0] if n == 127 else n
            text = self.take(n)
            if first & 15 == 8:
                return struct.unpack(">H", text[:2])[0]
            if first & 15 == 2:
                return text
            if first & 15 == 1 and b'"op":"hb"' not in text:
                return json.loads(text)
