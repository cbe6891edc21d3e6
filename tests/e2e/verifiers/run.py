"""Runs the Python snippet of docs/APPLICATIONS.md: run.py SNIPPET. Each line of standard input is the
headers of a request, each line of standard output what the snippet says of it."""

import json
import runpy
import socket
import sys

# Names under localhost, which the system does not resolve.
getaddrinfo = socket.getaddrinfo


def resolve(host, *rest, **more):
    return getaddrinfo("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **more)


socket.getaddrinfo = resolve

user_of = runpy.run_path(sys.argv[1])["user_of"]
for line in sys.stdin:
    try:
        result = {"user": user_of(json.loads(line))}
    except Exception as error:
        result = {"error": f"{type(error).__name__} {error}"}
    print(json.dumps(result), flush=True)
