"""What a stomp.py user does, feature by feature. See doc.go for what is printed."""

import contextlib
import os
import queue
import socket
import sys
import uuid

try:
    import stomp
except ImportError as e:
    print("absent", e)
    sys.exit(0)

from stomp.exception import ConnectFailedException

HOST = os.environ["STOMP_HOST"]
PORT = int(os.environ["STOMP_PORT"])
VERSION = os.environ["STOMP_VERSION"]
WAIT = 180  # seconds, for anything
RELEASE = stomp.__version__  # a string, and before 9 a tuple
if not isinstance(RELEASE, str):
    RELEASE = ".".join(map(str, RELEASE))

WEBSOCKET = os.environ["STOMP_OVER"] == "WebSocket"
CONNECTIONS = {
    "1.0": stomp.StompConnection10,
    "1.1": stomp.StompConnection11,
    "1.2": stomp.StompConnection12,
}
NOTES = {
    "headers": {"1.0": "D:\\tea", "1.1": "D:\\tea\nand more", "1.2": "D:\\tea\r\nand more"}[VERSION],
    "backslash": "C:\\new\\code",
}


class Wrong(Exception):
    """A feature does not work."""


class Unsupported(Exception):
    """The client has no way to do it."""


def want(got, wanted, what):
    if got != wanted:
        raise Wrong(f"{what} is {got!r:.80}, want {wanted!r:.80}")


class Events(stomp.ConnectionListener):
    """Queues what the receiver thread tells."""

    def __init__(self):
        self.connected = queue.Queue()
        self.messages = queue.Queue()
        self.receipts = queue.Queue()
        self.errors = queue.Queue()
        self.closed = queue.Queue()
        self.beats = queue.Queue()

    def on_connected(self, frame):
        self.connected.put(frame)

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame)

    def on_error(self, frame):
        self.errors.put(frame)

    def on_disconnected(self):
        self.closed.put(None)

    def on_heartbeat(self):
        self.beats.put(None)


class Session:
    """A connection whose events can be waited for."""

    def __init__(self, port=PORT, passcode="guest", tls=False, **kw):
        self.events = Events()
        if WEBSOCKET:
            self.conn = stomp.WSConnection([(HOST, port)], ws_path="/ws", **kw)
        else:
            self.conn = CONNECTIONS[VERSION]([(HOST, port)], **kw)
        self.conn.set_listener("", self.events)
        if tls:
            self.conn.set_ssl(for_hosts=[(HOST, port)], ca_certs=os.environ["STOMP_CA"])
        self.conn.connect("guest", passcode, wait=True)
        self.connected = self.wait(self.events.connected, "CONNECTED")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.cut()

    def wait(self, q, what):
        try:
            return q.get(timeout=WAIT)
        except queue.Empty:
            errors = self.events.errors
            raise Wrong(f"no {what}" + ("" if errors.empty() else ": " + errors.get().headers["message"])) from None

    def message(self):
        return self.wait(self.events.messages, "MESSAGE")

    def receipt(self, id):
        want(self.wait(self.events.receipts, "RECEIPT").headers["receipt-id"], id, "the receipt")

    def send(self, destination, body, **headers):
        self.conn.send(destination, body, headers=headers)

    def subscribe(self, destination, id="1", ack="auto"):
        receipt = str(uuid.uuid4())
        self.conn.subscribe(destination, id=id, ack=ack, receipt=receipt)
        self.receipt(receipt)

    def ack_args(self, frame):
        if VERSION == "1.2":
            return [frame.headers["ack"]]
        if VERSION == "1.1":
            return [frame.headers["message-id"], frame.headers["subscription"]]
        return [frame.headers["message-id"]]

    def ack(self, frame, **kw):
        self.conn.ack(*self.ack_args(frame), **kw)

    def nack(self, frame):
        self.conn.nack(*self.ack_args(frame))

    def disconnect(self):
        """Returns when the broker has processed all that was sent."""
        id = str(uuid.uuid4())
        self.conn.disconnect(receipt=id)
        self.receipt(id)

    def cut(self):
        """Ends the connection as a crash does."""
        if WEBSOCKET:
            # What follows closes it, which the thread that reads keeps from happening.
            with contextlib.suppress(OSError):
                if sock := getattr(self.conn.transport.socket, "sock", None):
                    sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(AttributeError):  # it may be about to end by itself
            self.conn.transport.disconnect_socket()


def bodies(destination):
    """What a new consumer gets, up to a message that is sent now."""
    got = []
    with Session() as s:
        s.send(destination, "the end")
        s.subscribe(destination)
        while not got or got[-1] != "the end":
            got.append(s.message().body)
    return got[:-1]


def exchange(name, body, **session):
    with Session(**session) as s:
        s.subscribe("/queue/answer-" + name)
        answer = {"case": name, "answer": "/queue/answer-" + name}
        if name in NOTES:
            answer["note"] = NOTES[name]
        s.send("/queue/partner", body, **answer)
        m = s.message()
        want(m.headers["verdict"], "same", "the verdict")
        want(m.body, body, "the body")
        if name in NOTES:
            want(m.headers["note"], NOTES[name], "the note")
        s.disconnect()


def connect():
    with Session() as s:
        want(s.connected.headers["version"], VERSION, "the version")
        s.disconnect()


def refused_login():
    try:
        Session(passcode="wrong")
    except ConnectFailedException:
        return
    raise Wrong("it was let in")


def text():
    exchange("text", "two teas, please")


def utf8():
    exchange("utf8", "zwei Käse, 三杯茶, 🫖")


def binary():
    exchange("binary", bytes(range(256)) * 2, auto_decode=False)


def large():
    exchange("large", "".join(chr(ord("a") + i % 26) for i in range(1 << 20)))


def headers():
    exchange("headers", "see the note")


def backslash():
    exchange("backslash", "see the note")


def receipt():
    with Session() as s:
        s.subscribe("/queue/receipt")  # waits for its receipt
        s.send("/queue/receipt", "x", receipt="käse-1")
        s.receipt("käse-1")


def topic():
    with Session() as s:
        s.subscribe("/topic/news", id="a")
        s.subscribe("/topic/news", id="b")
        s.send("/topic/news", "x")
        want(sorted(s.message().headers["subscription"] for _ in "ab"), ["a", "b"], "the receivers")


def three(destination, mode):
    """Sends three messages, receives them, and acknowledges the second."""
    with Session() as s:
        for body in "123":
            s.send(destination, body)
        s.subscribe(destination, ack=mode)
        got = [s.message() for _ in "123"]
        want([m.body for m in got], ["1", "2", "3"], "what came")
        if mode != "auto":
            s.ack(got[1])
        s.disconnect()
    return bodies(destination)


def ack_auto():
    want(three("/queue/auto", "auto"), [], "what came again")


def ack_client():
    want(three("/queue/client", "client"), ["3"], "what came again")


def ack_individual():
    want(three("/queue/individual", "client-individual"), ["1", "3"], "what came again")


def nack():
    for mode, again in ("client", ["1", "2"]), ("client-individual", ["2"]):
        destination = "/queue/nack-" + mode
        with Session() as s:
            for body in "12":
                s.send(destination, body)
            s.subscribe(destination, ack=mode)
            first, second = s.message(), s.message()
            s.nack(second)
            for body in again:
                m = s.message()
                want([m.body, m.headers.get("redelivered")], [body, "true"], "what came again")
                s.ack(m)
            if mode == "client-individual":
                s.ack(first)
            s.disconnect()
        want(bodies(destination), [], "what came once more")


def commit():
    with Session() as s:
        tx = s.conn.begin()
        s.conn.send("/queue/commit", "inside", transaction=tx)
        s.send("/queue/commit", "outside")
        s.subscribe("/queue/commit")
        want(s.message().body, "outside", "what came before COMMIT")
        s.conn.commit(tx)
        want(s.message().body, "inside", "what came after COMMIT")


def abort():
    with Session() as s:
        tx = s.conn.begin()
        s.conn.send("/queue/abort", "inside", transaction=tx)
        s.conn.abort(tx)
        s.disconnect()
    want(bodies("/queue/abort"), [], "what came after ABORT")


def ack_transaction():
    destination = "/queue/ack-transaction"
    with Session() as s:
        s.send(destination, "x")
    for end in "abort", "commit":
        with Session() as s:
            s.subscribe(destination, ack="client")
            m = s.message()
            tx = s.conn.begin()
            s.ack(m, transaction=tx)
            getattr(s.conn, end)(tx)
            s.disconnect()
    want(bodies(destination), [], "what came after COMMIT")


def redelivery():
    with Session() as s:
        s.send("/queue/redelivery", "x")
        s.subscribe("/queue/redelivery", ack="client")
        want(s.message().headers.get("redelivered"), None, "redelivered")
    with Session() as s:
        s.subscribe("/queue/redelivery", ack="client")
        want(s.message().headers.get("redelivered"), "true", "redelivered")


def unsubscribe():
    with Session() as s:
        s.subscribe("/queue/unsubscribe", id="old")
        s.conn.unsubscribe(id="old")
        for body in "12":
            s.send("/queue/unsubscribe", body)
        s.subscribe("/queue/unsubscribe", id="new")
        want([s.message().headers["subscription"] for _ in "12"], ["new", "new"], "the receivers")


def reply_to():
    with Session() as asker, Session() as answerer:
        asker.subscribe("/temp-queue/answers")
        answerer.subscribe("/queue/questions")
        asker.send("/queue/questions", "why?", **{"reply-to": "/temp-queue/answers"})
        answerer.send(answerer.message().headers["reply-to"], "because")
        want(asker.message().body, "because", "the answer")


def error():
    with Session() as s:
        s.conn.send_frame("SEND", {}, "to nobody")
        want(s.wait(s.events.errors, "ERROR").headers["message"], "missing destination", "the message")
        s.wait(s.events.closed, "end of the connection")


def disconnect():
    s = Session()
    s.disconnect()
    s.wait(s.events.closed, "end of the connection")
    want(s.conn.is_connected(), False, "is_connected")


def tls():
    # Sometimes it works.
    if WEBSOCKET:
        raise Unsupported("stomp.py writes to a WebSocket's TLS connection on one thread while another reads, which OpenSSL forbids.")
    if int(RELEASE.split(".")[0]) < 9:
        raise Unsupported("stomp.py before 9 writes to a TLS connection on one thread while another reads, which OpenSSL forbids.")
    port = int(os.environ["STOMP_TLS_PORT"])
    exchange("text", "two teas, please", port=port, tls=True)


def heart_beat():
    port = int(os.environ["STOMP_BEAT_PORT"])
    beat = int(os.environ["STOMP_BEAT"])
    with Session(port=port, heartbeats=(beat, beat), heart_beat_receive_scale=3) as s:
        s.subscribe("/topic/enough")
        want(s.message().body, "enough", "what came")
        for _ in range(3):
            s.wait(s.events.beats, "heart-beat")
        s.disconnect()


print("client stomp.py", RELEASE)
for name in os.environ["STOMP_FEATURES"].split():
    try:
        globals()[name.replace("-", "_")]()
        print("ok", name)
    except Unsupported as e:
        print("unsupported", name, e)
    except Exception as e:  # of any kind: the next feature may work
        print("fail", name, repr(e).replace("\n", " "))
    sys.stdout.flush()
os._exit(0)  # whatever threads are left
