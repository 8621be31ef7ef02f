"""Run every benchmark, and print one Markdown document: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import sys

from benchmarks import app_speed, command_line, engine_speed, import_time, nano_speed

if __name__ == "__main__":
    import_time.main(sys.argv[1:])
    nano_speed.main(sys.argv[1:])
    command_line.main(sys.argv[1:])
    app_speed.main(sys.argv[1:])
    engine_speed.main(sys.argv[1:])
