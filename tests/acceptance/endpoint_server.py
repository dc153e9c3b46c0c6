"""A name server and an endpoint inside a network namespace, each as wrong as it is told to be. Run by real_network.py.

usage: endpoint_server.py JSON      prints "ready" once it listens, and serves until it is ended
  dns     address to answer every name with, "nxdomain", or "silent"; without it nobody listens
  chain   file with key and certificates for port 443; without it the port speaks no TLS
  answer  bytes sent after a request (after accepting, without TLS); without it the server is silent
  refuse  true: nobody listens on port 443
  proxy   true: port 3128 tunnels to 127.0.0.1:443
"""
import json
import socket
import ssl
import sys
import threading

PLAN = json.loads(sys.argv[1])


def name_server():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", 53))
    threading.Thread(target=answer_names, args=(server,), daemon=True).start()


def answer_names(server):
    while True:
        query, client = server.recvfrom(512)
        end = query.index(b"\0", 12) + 5  # the name, its type and class
        is_four = query[end - 4:end - 2] == b"\0\1"
        if PLAN["dns"] == "silent":
            continue
        if PLAN["dns"] == "nxdomain":
            server.sendto(query[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + query[12:end], client)
        elif is_four:
            record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(PLAN["dns"])
            server.sendto(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:end] + record, client)
        else:
            server.sendto(query[:2] + b"\x81\x80\0\1\0\0\0\0\0\0" + query[12:end], client)


def endpoint():
    context = None
    if "chain" in PLAN:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(PLAN["chain"])
    listen(443, lambda connection: talk(connection, context))


def talk(connection, context):
    answer = PLAN["answer"].encode() if "answer" in PLAN else None
    if context is not None:
        connection = context.wrap_socket(connection, server_side=True)
        connection.recv(4096)
    if answer is None:
        threading.Event().wait()
    connection.sendall(answer)
    connection.close()


def proxy(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    target = socket.create_connection(("127.0.0.1", 443))
    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    threading.Thread(target=pump, args=(target, connection), daemon=True).start()
    pump(connection, target)


def pump(source, target):
    while data := source.recv(4096):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def listen(port, serve):
    server = socket.create_server(("", port))

    def accept():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=quietly, args=(serve, connection), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def quietly(serve, connection):
    try:
        serve(connection)
    except OSError:
        pass  # a client that turns away is what many of the cases are about


if "dns" in PLAN:
    name_server()
if not PLAN.get("refuse"):
    endpoint()
if PLAN.get("proxy"):
    listen(3128, proxy)
print("ready", flush=True)
threading.Event().wait()
