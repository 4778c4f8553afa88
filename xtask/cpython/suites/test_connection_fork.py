"""Those of multiprocessing's tests that are about connections, with processes that fork.

Installations leave out test_multiprocessing_fork, but not what it is made of.
"""

from test import _test_multiprocessing

WANTED = ("Connection", "Listener", "Poll", "Wait", "Handle", "RemoteManager")

_test_multiprocessing.install_tests_in_module_dict(globals(), "fork")

for _name, _what in list(globals().items()):
    if isinstance(_what, type) and not any(part in _name for part in WANTED):
        del globals()[_name]
