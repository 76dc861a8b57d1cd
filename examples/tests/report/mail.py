"""Captures made on the spot: mail that wants to be more than text in a report, and a great deal of mail."""

import base64
import struct
import zlib


class Capture:
    """SMTP over IPv4, packet by packet, with right checksums."""

    def __init__(self, path, start=1_700_000_000):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
        self.clock = start * 1_000_000
        self.port = 20_000

    def close(self):
        self.file.close()

    @staticmethod
    def checksum(data):
        total = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) // 2 * 2]))
        if len(data) % 2:
            total += data[-1] << 8
        while total > 0xFFFF:
            total = (total & 0xFFFF) + (total >> 16)
        return ~total & 0xFFFF

    def packet(self, ends, ports, numbers, flags, payload=b""):
        tcp = struct.pack("!HHIIBBHHH", *ports, *numbers, 0x50, flags, 65535, 0, 0)
        false = ends[0] + ends[1] + struct.pack("!HH", 6, len(tcp) + len(payload))
        sum_ = self.checksum(false + tcp + payload)
        tcp = tcp[:16] + struct.pack("!H", sum_) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0) + ends[0] + ends[1]
        ip = ip[:10] + struct.pack("!H", self.checksum(ip)) + ip[12:]
        data = ip + tcp + payload
        self.clock += 900
        self.file.write(struct.pack("<IIII", *divmod(self.clock, 1_000_000), len(data), len(data)) + data)

    def mail(self, message, sender="a@here.example", recipients=("b@there.example",), client="192.0.2.10", server="198.51.100.25", reply="250 queued"):
        """A session with one message."""
        ends = [bytes(map(int, text.split("."))) for text in (client, server)]
        self.port = 20_000 + (self.port - 19_999) % 40_000
        ports, numbers = [self.port, 25], [1000, 5000]

        def send(side, payload, flags=0x18):
            for at in range(0, max(len(payload), 1), 1400):
                piece = payload[at : at + 1400]
                self.packet((ends[side], ends[1 - side]), (ports[side], ports[1 - side]), (numbers[side], numbers[1 - side]), flags, piece)
                numbers[side] += len(piece)
            if flags & 3:
                numbers[side] += 1

        send(0, b"", 2), send(1, b"", 0x12), send(0, b"", 0x10)
        send(1, b"220 mx.example ESMTP\r\n"), send(0, b"EHLO client.example\r\n"), send(1, b"250 mx.example\r\n")
        send(0, b"MAIL FROM:<%s>\r\n" % sender.encode()), send(1, b"250 ok\r\n")
        for recipient in recipients:
            send(0, b"RCPT TO:<%s>\r\n" % recipient.encode()), send(1, b"250 ok\r\n")
        body = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in message.split(b"\r\n"))
        send(0, b"DATA\r\n"), send(1, b"354 go on\r\n"), send(0, body + b"\r\n.\r\n"), send(1, reply.encode() + b"\r\n")
        send(0, b"QUIT\r\n"), send(1, b"221 bye\r\n"), send(0, b"", 0x11), send(1, b"", 0x11), send(0, b"", 0x10)


def lines(*all_):
    return "\r\n".join(all_).encode()


def letter(subject, body, *fields, sender="Ann <a@here.example>", to="b@there.example", kind="text/plain; charset=utf-8"):
    return lines(
        f"From: {sender}", f"To: {to}", f"Subject: {subject}", *fields, f"Content-Type: {kind}", "MIME-Version: 1.0", "", body
    )


def png(width=64, height=48):
    """A picture, as a file."""
    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in (x * 4 % 256, y * 5 % 256, 120)) for y in range(height))
    block = lambda name, data: struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))
    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + block(b"IHDR", head) + block(b"IDAT", zlib.compress(rows)) + block(b"IEND", b"")


def mixed(subject, parts, *fields):
    """A message of parts: (header fields, body)."""
    out = [f"From: a@here.example", "To: b@there.example", f"Subject: {subject}", *fields,
           "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=edge", ""]
    for head, body in parts:
        out += ["--edge", *head, "", body]
    return lines(*out, "--edge--", "")


# What must be found as text, and nowhere else: each sets a mark if it is run.
RUN = "window.ran=1"
SCRIPTS = [
    f"</script><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg/onload={RUN}>",
    f'"><iframe src="javascript:parent.{RUN}"></iframe>',
    f"<a href='javascript:{RUN}'>click</a>",
    "<!--<script>",
    "]]><![CDATA[</textarea></title></style>",
    "<style>@import 'http://evil.example/s.css';body{display:none}</style>",
    "<link rel=stylesheet href=http://evil.example/l.css><meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<base href=http://evil.example/><form action=http://evil.example/><input autofocus onfocus=" + RUN + ">",
    "\u2028" + RUN + "\u2029",
    "__proto__ constructor {{data}} ${" + RUN + "}",
]
PAGE = (
    "<html><head><script>" + RUN + "</script><link rel=stylesheet href=http://evil.example/a.css>"
    "<style>body{background:url(http://evil.example/b.png)}</style></head><body onload=" + RUN + ">"
    "<p>Readable words of a page</p><img src=http://evil.example/track.gif><img src=x onerror=" + RUN + ">"
    "<iframe src=http://evil.example/f.html></iframe><object data=http://evil.example/o></object>"
    "<a href=\"javascript:" + RUN + "\">a link</a><video src=http://evil.example/v.mp4></video></body></html>"
)
LONG = "A very long subject " * 400
RECIPIENTS = [f"person{number}@many.example" for number in range(1000)]


def hostile(path):
    """How many messages there are."""
    capture = Capture(path)
    made = 0

    def mail(message, **how):
        nonlocal made
        made += 1
        capture.mail(message, **how)

    for text in SCRIPTS:
        encoded = "=?utf-8?B?" + base64.b64encode(text.encode()).decode() + "?="
        field = "=?utf-8?B?" + base64.b64encode(text.encode()).decode() + "?= <x@here.example>"
        mail(letter(encoded, text, f"X-Field: {text}", f"Message-ID: <{text}>", sender=field),
             sender=text.replace(" ", "").replace(">", "")[:200].encode("ascii", "ignore").decode())
        mail(mixed(encoded, [
            (["Content-Type: text/html; charset=utf-8"], text),
            (["Content-Type: application/octet-stream", f"Content-Disposition: attachment; filename*=utf-8''" +
              "".join(f"%{byte:02X}" for byte in text.encode())], "attached"),
        ]))
    mail(letter("A page", PAGE, kind="text/html; charset=utf-8"))
    mail(letter("=?utf-8?B?" + base64.b64encode("invoice \u202efdp.exe\u202c and \u2066isolated\u2069 \u200bzero".encode()).decode() + "?=",
                "Direction \u202e turned \u202c here"))
    mail(letter("=?utf-8?B?" + base64.b64encode("\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd, \u0645\u0631\u062d\u0628\u0627 (right to left)".encode()).decode() + "?=",
                "\u05e9\u05dc\u05d5\u05dd"))
    mail(letter("=?utf-8?B?" + base64.b64encode("Emoji \U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2603\ufe0f".encode()).decode() + "?=",
                "\U0001f600" * 50))
    mail(letter("=?utf-8?B?" + base64.b64encode(("Marks " + "e" + "\u0301" * 300).encode()).decode() + "?=", "\u0336" * 100))
    mail(letter(LONG, "x" * 20_000))
    mail(letter("A thousand recipients", "Dear all", to=", ".join(RECIPIENTS[:200])), recipients=RECIPIENTS)
    mail(mixed("Three hundred parts", [
        ([f"Content-Type: text/plain; name=part{number}.txt", "Content-Disposition: attachment"], f"part {number}")
        for number in range(300)]))
    small = base64.b64encode(png()).decode()
    mail(mixed("Pictures", [
        (["Content-Type: text/plain"], "A picture, a forged one, and a drawing that would run."),
        (["Content-Type: image/png; name=real.png", "Content-Disposition: inline; filename=real.png", "Content-Transfer-Encoding: base64"], small),
        (["Content-Type: image/png; name=forged.png", "Content-Disposition: attachment; filename=forged.png"], "GIF89a not at all"),
        (["Content-Type: image/svg+xml; name=drawing.svg", "Content-Disposition: attachment; filename=drawing.svg"],
         f"<svg xmlns='http://www.w3.org/2000/svg' onload='{RUN}'><script>{RUN}</script></svg>"),
    ], "Message-ID: <pictures@here.example>"))
    hop = [f"Received: from h{n}.example (h{n}.example [192.0.2.{n}]) by h{n + 1}.example with ESMTP id {n}; Tue, 14 Nov 2023 22:1{9 - n}:20 +0000" for n in range(5)]
    twice = letter("Seen twice", "The same mail at two hops.", *hop, "Message-ID: <twice@here.example>")
    mail(twice, recipients=("b@there.example", "hidden@elsewhere.example"), sender="bounce@lists.example")
    mail(b"Received: from client.example by mx.example; Tue, 14 Nov 2023 22:20:20 +0000\r\n" + twice, server="203.0.113.25", reply="550 no")
    capture.close()
    return made


WORDS = ("invoice meeting report holiday contract budget password account delivery question answer project server update "
         "lunch travel review draft summary notice").split()


def many(path, number=5000):
    """A capture of so many messages, each with its own text; the same each time."""
    capture = Capture(path)
    for at in range(number):
        word = [WORDS[(at * step + step) % len(WORDS)] for step in (1, 3, 7, 11)]
        text = " ".join(WORDS[(at * step + at // 7) % len(WORDS)] for step in range(1, 120))
        body = f"Number {at}\r\n" + "\r\n".join(text[part : part + 70] for part in range(0, len(text), 70))
        if at == number - 3:
            body += "\r\nThe needle in the haystack: quodlibet."
        capture.mail(
            letter(f"{word[0]} {word[1]} {at}", body, f"Message-ID: <{at // 2 if at % 50 < 2 else at}.{at % 50 < 2}@bulk.example>",
                   f"Date: Tue, 14 Nov 2023 22:13:20 +0000", sender=f"{word[2]} <{word[2]}{at % 40}@here.example>", to=f"{word[3]}{at % 25}@there.example"),
            sender=f"{word[2]}{at % 40}@here.example", recipients=(f"{word[3]}{at % 25}@there.example",),
            client=f"192.0.2.{at % 60 + 1}", server=f"198.51.100.{at % 5 + 1}", reply="550 refused" if at % 97 == 0 else "250 queued")
        capture.clock += 7_000_000 if at % 100 else 900_000_000
    capture.close()
    return number
