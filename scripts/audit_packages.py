"""Asks whether a pinned package has a known vulnerability: `python scripts/audit_packages.py`.

Exit status 0 when none has, 1 when one has or the audit failed. Where no service of vulnerabilities can be reached,
nothing was audited: that is said, and not taken for a failure.
"""

import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = "requirements/prod.txt"
SERVICES = {
    "pypi": ("https://pypi.org/pypi/pip/20.0/json", b'"vulnerabilities"'),
    "osv": ("https://api.osv.dev/v1/vulns/PYSEC-2018-28", b'"affected"'),
}
PROBE_SECONDS = 5
AUDIT_SECONDS = 300


def find_service() -> str | None:
    """The first that answers with what it is asked for: a mirror of packages often has no vulnerabilities."""
    for name, (address, wanted) in SERVICES.items():
        try:
            with urllib.request.urlopen(address, timeout=PROBE_SECONDS) as answer:  # nosec B310
                if wanted in answer.read():
                    return name
            reason = "has no vulnerabilities to tell of"
        except (OSError, ValueError) as error:
            reason = f"does not answer ({error})"
        print(f"pip-audit: {address} {reason}", file=sys.stderr)
    return None


def audit(service: str) -> int:
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", service, "--timeout", "20"]
    command += ["--disable-pip", "--require-hashes", "--strict", "--progress-spinner", "off", "-r", REQUIREMENTS]
    try:
        return min(subprocess.run(command, cwd=ROOT, timeout=AUDIT_SECONDS, check=False).returncode, 1)
    except subprocess.TimeoutExpired:
        print(f"pip-audit: NOT AUDITED, {service} took longer than {AUDIT_SECONDS} s", file=sys.stderr)
        return 1


def main() -> int:
    service = find_service()
    if service is None:
        print(f"pip-audit: SKIPPED for lack of network: {REQUIREMENTS} was NOT checked", file=sys.stderr)
        return 0
    return audit(service)


if __name__ == "__main__":
    sys.exit(main())
