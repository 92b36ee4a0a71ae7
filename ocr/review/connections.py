"""Connections of the local server: only so many, and each waits only so long for its request.

Whoever can reach the port, with the token or without, could otherwise hold connections open until
the process has none left for the person who corrects.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 20.0  # seconds in which a request must have come as a whole
MOST = 100  # connections at once; a browser opens six
BACKLOG = 50  # more that wait to be taken; with `MOST` far below the 256 files that macOS allows


class Connection(H11Protocol):
    """A connection that is closed if its request does not come, or makes room for a newer one."""

    _timer: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()
        there = [one for one in self.connections if not one.transport.is_closing()]
        if len(there) > MOST:
            waiting = [one for one in there if isinstance(one, Connection) and one.waits]
            min(waiting, key=lambda one: one._since).transport.abort()  # if need be this one

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    @property
    def waits(self) -> bool:
        """Whether a request, or the rest of one, is still to come."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _watch(self) -> None:
        if not self.waits:
            self._stop()
        elif self._timer is None:
            self._since = self.loop.time()
            self._timer = self.loop.call_later(PATIENCE, self._give_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.send_400_response("The request did not come in time.")
        else:  # it was answered before it had come as a whole
            self.transport.abort()
