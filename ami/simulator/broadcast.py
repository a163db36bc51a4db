"""A customer who hears a broadcast: marcador-broadcast, and from its key 1 on marcador-customer's wait."""

from __future__ import annotations

from ami.simulator.customers import CustomerCall

TURNS = 3
"""So often the audio is played to one who presses keys that mean nothing."""
KEY_S = 0.05
CONFIRMATION_S = 1.0


class BroadcastCall(CustomerCall):
    def run_dialplan(self) -> None:
        self._turns = TURNS
        self._keys = list(self.behaviour.presses)
        self.raise_event("MarcadorAnswered", Attempt=self.attempt, At=str(self.pbx.epoch_ms()))
        self._may_give_up(self.behaviour.gives_up_s)
        if self._variable("MARCADOR_AMD") == "1":
            self.later(self.behaviour.amd.took_ms / 1000, self._judged)
        else:
            self._play()

    def _judged(self) -> None:
        amd = self.behaviour.amd
        self.raise_event(
            "MarcadorAmd", Attempt=self.attempt, Status=amd.status, Cause=amd.cause, Ms=str(amd.took_ms)
        )
        if amd.status != "MACHINE":
            self._play()
        elif self._variable("MARCADOR_MACHINE_AUDIO"):
            greeting_s = self.pbx.settings.greeting_s
            self.later(greeting_s + self.pbx.settings.audio_s, lambda: self._played(to="machine"))
        else:
            self.hang_up(16)

    def _play(self) -> None:
        self._turns -= 1
        listens_s = self.pbx.settings.audio_s + float(self._variable("MARCADOR_KEY_WAIT") or 0)
        if self._keys and self.behaviour.presses_after_s <= listens_s:
            self.later(self.behaviour.presses_after_s, self._pressed)
        else:
            self.later(listens_s, lambda: self._played(to="person"))

    def _pressed(self) -> None:
        key = self._keys.pop(0)
        self.raise_event("MarcadorKey", Attempt=self.attempt, Key=key)
        patience_ms = self._variable("MARCADOR_AGENT_PATIENCE_MS")
        if key == "9":
            self.opt_out()
            self.later(CONFIRMATION_S, lambda: self.hang_up(16))
        elif key == "1" and patience_ms:
            self.stop_timers()
            self._wait_up_to(float(patience_ms))
        elif key in self._variable("MARCADOR_ANSWERS"):
            self.later(CONFIRMATION_S, lambda: self.hang_up(16))
        elif self._turns:
            self.later(KEY_S, self._play)
        else:
            self.hang_up(16)

    def _played(self, *, to: str) -> None:
        self.raise_event("MarcadorPlayed", Attempt=self.attempt, To=to)
        self.hang_up(16)
