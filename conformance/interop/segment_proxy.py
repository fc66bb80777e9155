"""A wire between two hosts that remembers what went over it, and in which pieces."""

import selectors
import socket
import threading


class Wire:
    """Passes connections to `address` on to `to`; `sent` is what the clients wrote, in pieces."""

    def __init__(self, address, to):
        self.to = to
        self.sent = []
        self.listener = socket.create_server((address, 25))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            try:
                server = socket.create_connection((self.to, 25))
            except OSError:
                return
            with server:
                self.copy(client, server)

    def copy(self, client, server):
        """Both directions, until both have ended or one has broken."""
        selector = selectors.DefaultSelector()
        selector.register(client, selectors.EVENT_READ, server)
        selector.register(server, selectors.EVENT_READ, client)
        try:
            while selector.get_map():
                for key, _ in selector.select():
                    data = key.fileobj.recv(65536)
                    if key.fileobj is client and data:
                        self.sent.append(data)
                    if data:
                        key.data.sendall(data)
                    else:
                        selector.unregister(key.fileobj)
                        key.data.shutdown(socket.SHUT_WR)
        except OSError:
            pass
