"""`python -m connectors.sandbox --port 9100 --world demo`: the sandbox without Django."""

from __future__ import annotations

import argparse
import logging

from connectors.sandbox.server import WORLDS, serve


def main() -> None:
    """Read the options and serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m connectors.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100, help="0 takes a free one")
    parser.add_argument("--world", default="demo", choices=WORLDS)
    parser.add_argument("--rate-limits", action="store_true", help="enforce the vendors' limits")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    serve(
        options.host,
        options.port,
        options.world,
        ready=lambda port: print(f"sandbox http://{options.host}:{port}", flush=True),
        rate_limits=options.rate_limits,
    )


if __name__ == "__main__":
    main()
