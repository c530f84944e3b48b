"""One grpc.health.v1.Health/Check over HTTP/2, as a kubelet's gRPC probe makes it: plaintext, nothing but the answer is of interest."""
import socket
import struct

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY = 0, 1, 3, 4, 6, 7
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_SERVING = b"\x08\x01"


def is_serving(address, port, service, timeout):
    """Whether the server says SERVING for the service. Raises OSError if it cannot be reached or hangs up."""
    name = service.encode()
    message = b"" if not name else b"\x0a" + bytes([len(name)]) + name
    with socket.create_connection((address, port), timeout=timeout) as connection:
        connection.sendall(
            _PREFACE
            + _frame(_SETTINGS, 0, 0, b"")
            + _frame(_HEADERS, _END_HEADERS, 1, _request_headers(f"{address}:{port}"))
            + _frame(_DATA, _END_STREAM, 1, _grpc_message(message))
        )
        body = _read_body(connection)
    return len(body) >= 5 and body[5:] == _SERVING


def _read_body(connection):
    body = b""
    while True:
        size_and_type = _read(connection, 9)
        size = int.from_bytes(size_and_type[:3], "big")
        kind, flags = size_and_type[3], size_and_type[4]
        payload = _read(connection, size)
        if kind in (_SETTINGS, _PING) and not flags & _ACK:
            connection.sendall(_frame(kind, _ACK, 0, payload if kind == _PING else b""))
        elif kind == _DATA:
            body += payload
        elif kind in (_RST_STREAM, _GOAWAY):
            raise ConnectionResetError("the server ended the stream")
        if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
            return body


def _read(connection, size):
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise ConnectionResetError("the server hung up")
        data += chunk
    return data


def _request_headers(authority):
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/grpc.health.v1.Health/Check",
        ":authority": authority,
        "content-type": "application/grpc",
        "te": "trailers",
        "user-agent": "kube-probe/lab",
    }
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in headers.items())  # HPACK literals, not indexed


def _text(value):
    return bytes([len(value)]) + value.encode()


def _grpc_message(message):
    return struct.pack(">BI", 0, len(message)) + message


def _frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
