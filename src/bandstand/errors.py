"""The errors of Bandstand, each explained once: an error's docstring is its default message.

Not for broken invariants of our own code; those are asserts.

    BandstandError
    ├── Refused                 the caller's mistake: nothing was stored
    │   ├── Malformed           the body is no JSON, or not of the expected kind
    │   ├── Invalid             fields have wrong values; carries a Problem for each
    │   ├── Unauthenticated     no key, or one that does not count
    │   ├── Forbidden           the key may not do this
    │   ├── NotFound            no such thing, or somebody else's
    │   ├── WrongMethod         the path exists, the method does not
    │   ├── WrongHost           asked for under a name that is not ours
    │   ├── TooLarge            the body is larger than allowed
    │   ├── TooSlow             the request did not arrive in time
    │   ├── Conflict            it cannot be done as things stand
    │   ├── NoCredit            the account cannot pay for it
    │   └── TooMany             over a limit; carries the seconds until it is worth another try
    ├── Unavailable             ours to mend: database away, disk full, engine not there
    ├── Misconfigured           a setting is wrong; the program does not start
    ├── Failed                  the job ran and cannot succeed; its text is told to the client
    │   └── EngineDied          the engine's process ended or hung with the job inside
    └── Canceled                the job was called off while it ran
"""

from __future__ import annotations

from dataclasses import dataclass


class BandstandError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())

    @property
    def message(self) -> str:
        return str(self.args[0])


class Refused(BandstandError):
    """The request was refused."""


class Malformed(Refused):
    """The body is not valid JSON."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field."""

    field: str
    text: str


class Invalid(Refused):
    """A field has a value that cannot be used."""

    def __init__(self, field: str, text: str, *more: Problem) -> None:
        self.problems = (Problem(field, text), *more)
        super().__init__("; ".join(_told(problem) for problem in self.problems))


def _told(problem: Problem) -> str:
    return f"{problem.field}: {problem.text}" if problem.field else problem.text


class Unauthenticated(Refused):
    """No valid API key was given."""


class Forbidden(Refused):
    """This key may not do that."""


class NotFound(Refused):
    """There is no such thing here."""


class WrongMethod(Refused):
    """This method is not allowed here."""


class WrongHost(Refused):
    """This server does not go by that name."""


class TooLarge(Refused):
    """The request is larger than allowed."""


class TooSlow(Refused):
    """The request did not arrive in time."""


class Conflict(Refused):
    """This cannot be done as things stand."""


class NoCredit(Refused):
    """The account has not enough credits for this."""


class TooMany(Refused):
    """Too many requests."""

    def __init__(self, message: str | None = None, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(BandstandError):
    """The server cannot do this at the moment; try again soon."""

    def __init__(self, message: str | None = None, *, retry_after: float = 2.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Misconfigured(BandstandError):
    """A setting is wrong."""


class Failed(BandstandError):
    """The job failed."""


class EngineDied(Failed):
    """The engine ended while it was working on this job."""


class Canceled(BandstandError):
    """The job was canceled."""
