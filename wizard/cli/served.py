"""The guided screens as a child of `wizard serve`: Textual's web driver speaks on its pipes in place of a terminal.

It ends with the server, whatever happens to that one: a child that its parent has left ends by itself.
"""

from __future__ import annotations

import os
import sys
import threading
import time


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    from wizard.cli import run

    sys.exit(run(sys.argv[1:]))
