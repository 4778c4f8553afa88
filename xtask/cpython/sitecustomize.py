# Runs first in every process of a run, before anybody has imported a socket. VARIANT is written
# above.
import atexit
import itertools
import os
import sys

early = {"_socket", "socket", "_ssl", "ssl"} & set(sys.modules)
assert not early, f"imported before it can be replaced: {early}"

ours = None
if VARIANT == "native":
    import berkeley._berkeley as ours

    sys.modules["_socket"] = ours
elif VARIANT == "full":
    import berkeley

    berkeley.install()
    ours = sys.modules["_socket"]

made = {True: itertools.count(), False: itertools.count()}


def count(event, args):
    """Counts the sockets that are made: of our type, and of others."""
    if event == "socket.__new__":
        next(made[ours is not None and issubclass(type(args[0]), ours.socket)])


def tell(folder=os.path.join(os.path.dirname(os.path.abspath(__file__)), "proof")):
    """Says so at the end, for the proof that the run has used what it was to use."""
    kept = ours is None or sys.modules.get("_socket") is ours
    line = f"{next(made[True])} {next(made[False])} {int(kept)}\n"
    # Children that have become somebody else may not write here: they do not count.
    try:
        file = os.open(
            os.path.join(folder, str(os.getpid())),
            os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC,
            0o666,
        )
        os.write(file, line.encode())
        os.close(file)
    except OSError:
        pass


sys.addaudithook(count)
atexit.register(tell)
