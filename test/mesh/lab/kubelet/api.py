"""The API server's client."""
import json
import ssl
import urllib.error
import urllib.request

from . import settings

_TLS = ssl.create_default_context(cafile=f"{settings.RUN}/pki/ca.crt")
_TLS.load_cert_chain(f"{settings.RUN}/pki/admin.crt", f"{settings.RUN}/pki/admin.key")

MERGE = "application/merge-patch+json"
_WATCH_SECONDS = 60


def call(method, path, body=None, content_type="application/json"):
    """Makes one request and returns the answer's object. Raises urllib.error.HTTPError for a status of 400 and above."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(_request(method, path, data, content_type), context=_TLS, timeout=20) as response:
        return json.load(response)


def get_or_none(path):
    """Returns the object, or None if there is none."""
    try:
        return call("GET", path)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def follow(path):
    """Yields (objects, None) for a list, then (None, (type, object)) for each change; starts over when the watch ends."""
    while True:
        listing = call("GET", path)
        yield listing["items"], None
        version = listing["metadata"]["resourceVersion"]
        query = f"{path}?watch=1&resourceVersion={version}&timeoutSeconds={_WATCH_SECONDS}"
        try:
            with urllib.request.urlopen(_request("GET", query), context=_TLS, timeout=_WATCH_SECONDS + 10) as response:
                for line in response:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        break
                    yield None, (event["type"], event["object"])
        except (OSError, ValueError) as error:
            print(f"watch ended: {error!r}", flush=True)


def _request(method, path, data=None, content_type="application/json"):
    return urllib.request.Request(
        settings.API_SERVER + path, method=method, headers={"Content-Type": content_type}, data=data
    )
