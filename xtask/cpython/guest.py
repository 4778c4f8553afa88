"""guest.py REPORT PROOF COMMAND... -- runs a command in the guest of xtask/kernel/run, and prints
in a last line what it has written to the report and to the folder of the proof: files that are
written there are gone when it ends."""

import json
import os
import subprocess
import sys

report, folder, *command = sys.argv[1:]
status = subprocess.call(command)
written = {}
for place in [report, *(os.path.join(folder, name) for name in os.listdir(folder))]:
    if os.path.exists(place):
        with open(place) as file:
            written[place] = file.read()
print("\n" + json.dumps(written), flush=True)
sys.exit(status if status >= 0 else 128 - status)
