"""What a recording tells of TLS: `python recorded.py FILE` fails if what one end of a connection
has written is not what the other has read."""

import base64
import json
import sys
from collections import defaultdict


def read(path):
    """The lines of a recording, in the order of time."""
    with open(path, encoding="utf-8") as lines:
        return sorted((json.loads(line) for line in lines), key=lambda line: line["t"])


def texts(lines):
    """What each end of each connection has written and read by TLS, by its addresses: how many
    bytes, and the first ones. All of it must stand where the offsets say."""
    ends = {}
    for line in lines:
        if line["ev"] == "socket" and line["peer"]:
            ends[line["sock"]] = (line["local"], line["peer"])
    found = defaultdict(lambda: [0, b""])
    for call in lines:
        if call["ev"] != "call" or not call.get("tls") or call["errno"]:
            continue
        assert call["sock"] in ends, f"whose socket is it? {call}"
        text = found[(*ends[call["sock"]], call["op"])]
        assert call["off"] == text[0], f"not behind the {text[0]} bytes before it: {call}"
        if len(text[1]) == text[0]:
            text[1] += base64.b64decode(call.get("data", ""))
        text[0] += call["ret"]
    return dict(found)


def agree(texts):
    """What one end has written is what the other has read; returns what was written."""
    written = {key: text for key, text in texts.items() if key[2] == "ssl_write"}
    assert written, "nobody has written anything"
    for (local, peer, _), (count, first) in written.items():
        total, read = texts[peer, local, "ssl_read"]
        assert total == count, f"{local} wrote {count} bytes, {peer} read {total}"
        shorter = min(len(read), len(first))
        assert read[:shorter] == first[:shorter], f"{local} wrote {first}, {peer} read {read}"
    return written


if __name__ == "__main__":
    agree(texts(read(sys.argv[1])))
