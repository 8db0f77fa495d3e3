"""A thousand healthy sessions, about which nothing may be said: ``python -m explain``."""

import argparse
import sys

from explain.healthy import hold
from support.campaign import CampaignError, campaign


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m explain")
    parser.add_argument("--sessions", type=int, default=1000)
    sessions = parser.parse_args().sessions
    try:
        campaign(hold, range(sessions), limit_s=1200.0)
    except CampaignError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"silent about {sessions} healthy sessions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
