"""Known weaknesses of what is installed (pip-audit), and of how we write (bandit).

Fails on a finding that pyproject.toml gives no reason for. Where the service that knows
of weaknesses cannot be reached it says so, and does not fail.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "pyproject.toml"
PACKAGES = ("backoffice", "importers", "reinsurance", "manage.py")
PATIENCE_SECONDS = 60


def code() -> bool:
    """Whether bandit finds nothing."""
    command = ["bandit", "--quiet", "-c", str(SETTINGS), "-r", *PACKAGES]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def libraries() -> bool:
    """Whether no library has a weakness that is known, or nobody can say."""
    reasons = tomllib.loads(SETTINGS.read_text())["tool"]["audit"]["ignore"]
    files = sorted((ROOT / "requirements").glob("*.txt"))
    command = ["pip-audit", "--disable-pip", "--no-deps", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "10"]
    for name in reasons:
        command += ["--ignore-vuln", name]
    for file in files:
        command += ["--requirement", str(file)]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        known = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        known = []
    asked = [library for library in known if "vulns" in library]
    if not asked:
        print("audit: the service of known weaknesses cannot be reached; libraries")
        print("audit: were not looked up.")
        return True
    found = [(library, weak) for library in asked for weak in library["vulns"]]
    for library, weak in found:
        better = ", ".join(weak["fix_versions"]) or "none yet"
        print(
            f"{library['name']} {library['version']}: {weak['id']}, mended in {better}"
        )
    print(f"audit: {len(asked)} libraries looked up, {len(found)} weaknesses known")
    return not found


if __name__ == "__main__":
    sys.exit(not all([code(), libraries()]))
