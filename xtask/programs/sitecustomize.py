# Runs first in every process of a run, and tells at its end whose sockets it has made.
import atexit
import itertools
import os
import sys

made = {True: itertools.count(), False: itertools.count()}


def count(event, args):
    """Counts the sockets that are made: of ours, and of others."""
    if event == "socket.__new__":
        ours = sys.modules.get("berkeley._berkeley")
        next(made[ours is not None and isinstance(args[0], ours.socket)])


def tell(folder=os.environ["BERKELEY_PROOF"]):
    """Children that end by os._exit, as those of fork, do not tell."""
    line = f"{next(made[True])} {next(made[False])}\n"
    with open(os.path.join(folder, str(os.getpid())), "a") as file:
        file.write(line)


sys.addaudithook(count)
atexit.register(tell)
