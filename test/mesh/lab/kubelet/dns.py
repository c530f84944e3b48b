"""The name server behind the sidecars: it knows no name and says so at once, for clients that ask for TXT records would wait."""
import socket
import threading

from . import settings

_HEADER_BYTES = 12
_NAME_ERROR = b"\x81\x83"
_COUNTS = b"\0\1\0\0\0\0\0\0"


def serve():
    """Starts answering on port 53 of the control plane's address."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((settings.HOST_IP, 53))
    threading.Thread(target=_answer, args=(server,), daemon=True).start()


def _answer(server):
    while True:
        query, client = server.recvfrom(4096)
        end_of_question = query.find(b"\0", _HEADER_BYTES) + 5
        server.sendto(query[:2] + _NAME_ERROR + _COUNTS + query[_HEADER_BYTES:end_of_question], client)
