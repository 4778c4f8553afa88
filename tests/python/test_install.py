"""`berkeley.install()` and `python -m berkeley`."""

import os
import sys
import tempfile
import unittest

from support import output, run

#: Methods of a socket that CPython's does not have.
OWN = {"recv_batch", "recvmsg_batch", "send_batch", "set_recv_details", "set_recv_offload"}
# Values in the place of bytes.
OWN |= {"get_option", "set_option", "tcp_info", "mptcp_info", "set_keepalive", "dropped"}
OWN |= {"join_group", "leave_group", "block_source", "unblock_source", "set_multicast"}
OWN |= {"decode_control", "recv_error", "set_timestamps", "recv_timestamped"}
OWN |= {"send_fds", "recv_fds"}


class Install(unittest.TestCase):
    def test_socket_is_ours_afterwards(self):
        shown = output(
            code="""
            import berkeley
            assert not berkeley.is_installed()
            berkeley.install()
            assert berkeley.is_installed()
            import socket, _socket, berkeley.socket
            print(socket is berkeley.socket, socket.socket.__mro__[1] is _socket.socket)
            print(_socket.__name__, socket.__name__, socket.AddressFamily.__module__)
            """
        )
        self.assertEqual(shown, "True True\n_socket socket socket\n")

    def test_a_second_time_is_nothing(self):
        output(
            code="""
            import berkeley
            berkeley.install()
            import ssl, socket
            berkeley.install()
            assert socket is berkeley.socket
            """
        )

    def test_after_ssl_it_is_an_error_and_changes_nothing(self):
        done = run(
            code="""
            import ssl, sys, socket, _socket, berkeley
            try:
                berkeley.install()
            except RuntimeError as error:
                print(error)
            assert sys.modules["socket"] is socket and sys.modules["_socket"] is _socket
            assert not berkeley.is_installed()
            """
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("too late: ssl is loaded", done.stdout)

    def test_after_socket_it_warns(self):
        done = run(
            code="""
            import socket as stock, warnings, berkeley
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                berkeley.install()
            print([w.category.__name__ for w in caught], caught[0].filename)
            import socket
            assert socket is berkeley.socket and socket is not stock
            """
        )
        self.assertEqual((done.stdout, done.stderr), ("['RuntimeWarning'] <string>\n", ""))

    def test_the_names_of_the_standard_library_s_module_are_there(self):
        names = "print('\\n'.join(sorted(%s)))"
        stock = output(code="import socket\n" + names % "dir(socket)").split()
        ours = output(code="from berkeley import socket\n" + names % "dir(socket)").split()
        self.assertEqual(set(stock) - set(ours), set())
        stock = output(code="import socket\n" + names % "socket.__all__").split()
        ours = output(code="from berkeley import socket\n" + names % "socket.__all__").split()
        self.assertEqual(set(stock) - set(ours), set())
        stock = output(code="import socket\n" + names % "dir(socket.socket)").split()
        ours = output(code="from berkeley import socket\n" + names % "dir(socket.socket)").split()
        self.assertEqual([name for name in ours if name not in OWN], stock)
        self.assertEqual(set(ours) - set(stock), OWN)

    def test_the_names_of_newer_pythons_are_there(self):
        newer = [
            "IP_FREEBIND",
            "IP_RECVERR",
            "IP_RECVORIGDSTADDR",
            "IP_RECVTTL",
            "IPV6_RECVERR",
            "SO_ORIGINAL_DST",
            "VMADDR_CID_LOCAL",
            "CAN_RAW_ERR_FILTER",
            "SOL_BLUETOOTH",
            "SOL_L2CAP",
            "SOL_RFCOMM",
            "SOL_SCO",
            "BDADDR_BREDR",
            "BDADDR_LE_PUBLIC",
            "BDADDR_LE_RANDOM",
            "BT_SECURITY",
            "BT_VOICE",
            "HCI_CHANNEL_RAW",
            "HCI_DEV_NONE",
            "L2CAP_LM",
            "SOL_CAN_ISOTP",
            "CAN_ISOTP_OPTS",
            "CAN_ISOTP_TX_STMIN",
            "IPV6_HDRINCL",
        ]
        code = f"from berkeley import socket\nprint([n for n in {newer} if not hasattr(socket, n)])"
        self.assertEqual(output(code=code), "[]\n")

    def test_signatures_are_those_of_the_standard_library(self):
        code = """
            import inspect
            from {} import socket
            for owner in (socket, socket.socket, socket.SocketIO):
                for name, what in sorted(vars(owner).items()):
                    if inspect.isfunction(what) and not name.startswith("_") or name == "__init__":
                        shown = str(inspect.signature(what))
                        print(owner.__name__, name, shown.split(" at 0x")[0])
            """
        # A package whose `socket` is the standard library's.
        stock = output(code=code.replace("from {} import", "import"))
        ours = output(code=code.format("berkeley"))
        # CPython says in Python what is native here.
        native = ("socket accept (self)\n",)
        for line in stock.splitlines(keepends=True):
            if line not in native:
                self.assertIn(line, ours)


class Command(unittest.TestCase):
    SHOW = "import sys, socket; print(socket.__spec__.name, __name__, sys.argv)"

    def test_code(self):
        shown = output("-m", "berkeley", "-c", self.SHOW, "-x", "1")
        self.assertEqual(shown, "berkeley.socket __main__ ['-c', '-x', '1']\n")

    def test_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "app.py")
            with open(os.path.join(folder, "beside.py"), "w") as file:
                file.write("import socket\nORIGIN = socket.__spec__.name\n")
            with open(path, "w") as file:
                file.write(
                    "import sys, beside\n"
                    "import __main__\n"
                    "print(beside.ORIGIN, __file__ == sys.argv[0], sys.argv[1:], __spec__)\n"
                    "print(__main__.__dict__ is globals())\n"
                )
            shown = output("-m", "berkeley", path, "--flag")
        self.assertEqual(shown, "berkeley.socket True ['--flag'] None\nTrue\n")

    def test_a_module_and_a_package(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "tool"))
            for name in ("__init__.py", "__main__.py", "part.py"):
                with open(os.path.join(folder, "tool", name), "w") as file:
                    if name != "__init__.py":
                        file.write("import sys, socket\nfrom . import __name__ as package\n")
                        file.write("print(package, __package__, __spec__.name, sys.argv[1:])\n")
                        file.write("print(socket.__spec__.name)\n")
            there = {"PYTHONPATH": folder}
            for name, spec in (("tool", "tool.__main__"), ("tool.part", "tool.part")):
                shown = output("-m", "berkeley", "-m", name, "x", environment=there)
                self.assertEqual(shown, f"tool tool {spec} ['x']\nberkeley.socket\n")

    def test_the_end_of_the_program_is_the_end_of_the_command(self):
        self.assertEqual(run("-m", "berkeley", "-c", "raise SystemExit(7)").returncode, 7)
        failed = run("-m", "berkeley", "-c", "1/0")
        self.assertEqual(failed.returncode, 1)
        self.assertIn("ZeroDivisionError", failed.stderr)

    def test_what_cannot_be_run(self):
        for arguments, text, status in (
            ((), "usage:", 2),
            (("-m",), "-m needs an argument", 2),
            (("-z",), "unknown option -z", 2),
            (("--verbose", "app.py"), "unknown option --verbose", 2),
            (("/nowhere/app.py",), "can't open file", 2),
            (("-m", "no_such_module"), "No module named no_such_module", 1),
        ):
            done = run("-m", "berkeley", *arguments)
            self.assertEqual(done.returncode, status, arguments)
            self.assertIn(text, done.stderr)
            self.assertNotIn("Traceback", done.stderr)
        self.assertIn("usage:", output("-m", "berkeley", "--help"))

    def test_it_says_when_it_comes_too_late(self):
        for early, status, text in (("ssl", 1, "too late"), ("socket", 0, "imported before")):
            with tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, "sitecustomize.py"), "w") as file:
                    file.write(f"import {early}\n")
                there = {"PYTHONPATH": folder}
                done = run("-m", "berkeley", "-c", "print('ran')", environment=there)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stdout, "" if status else "ran\n")

    def test_classes_of_the_program_can_be_pickled(self):
        shown = output(
            "-m",
            "berkeley",
            "-c",
            "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)",
        )
        self.assertEqual(shown, "True\n")

    def test_threads_go_on_after_the_end_of_the_program(self):
        shown = output(
            "-m",
            "berkeley",
            "-c",
            "import threading, time\n"
            "NAME = 'still there'\n"
            "threading.Thread(target=lambda: (time.sleep(0.2), print(NAME))).start()",
        )
        self.assertEqual(shown, "still there\n")


class Enums(unittest.TestCase):
    CODE = """
        import copy, pickle
        for member in (socket.AF_INET, socket.SOCK_DGRAM, socket.AI_PASSIVE,
                       socket.MSG_PEEK | socket.MSG_OOB):
            for protocol in range(2, 6):
                again = pickle.loads(pickle.dumps(member, protocol))
                assert again == member and type(again) is type(member), again
            assert copy.deepcopy(member) == member
        print(repr(socket.AF_INET), str(socket.AF_INET))
        """

    def test_members_are_pickled_with_and_without_install(self):
        for start in (
            "import berkeley; berkeley.install(); import socket",
            "from berkeley import socket",
            "import socket as stock; from berkeley import socket",
        ):
            shown = output(code=start + "\n" + "\n".join(x[8:] for x in self.CODE.split("\n")))
            self.assertEqual(shown, "<AddressFamily.AF_INET: 2> 2\n")


if __name__ == "__main__":
    sys.exit(unittest.main())
