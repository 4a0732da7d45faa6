"""Every probe is asked in fresh network namespaces; what the kernel holds there is the same before and after."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ASK = """
from wizard.collect.live import LiveSource
from wizard.collect.probes_linux import PROBES
LiveSource().gather(PROBES)
"""
SHOW = r"""
nft list ruleset
cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null
for table in $(cat /proc/net/ip_tables_names 2>/dev/null); do iptables-legacy -t $table -S; done
ipset save
ip -4 route show table all; ip -6 route show table all; ip rule; ip -o link | cut -d' ' -f2-7
cut -d' ' -f1 /proc/modules 2>/dev/null
find /proc/sys/net/ipv4 /proc/sys/net/ipv6 -type f -readable | sort | while read -r file
do echo "$file"; cat "$file"; done 2>/dev/null
"""
SETTINGS = {
    "nothing": ":",
    "nft": """
        nft add table inet mine
        nft add chain inet mine c '{ type filter hook input priority 0; }'
        nft add rule inet mine c tcp dport 9999 counter drop
    """,
    "iptables-nft": """
        iptables-nft -A INPUT -p tcp --dport 9999 -j DROP
        ip6tables-nft -t nat -A PREROUTING -p tcp --dport 9999 -j REDIRECT
    """,
    "iptables-legacy": "iptables-legacy -A INPUT -p tcp --dport 9999 -j DROP",
    "ipset": "ipset create few bitmap:port range 9999-10000",
}


@pytest.mark.needs("nft", "iptables-nft", "iptables-legacy", "ipset", "unshare")
@pytest.mark.parametrize("setting", SETTINGS)
def test_looking_changes_nothing(setting: str, tmp_path: Path) -> None:
    if "legacy" in setting and not Path("/proc/net/ip_tables_names").exists():
        pytest.skip("this kernel has no legacy iptables")
    script = f"""
        set -e
        ip link set lo up
        {SETTINGS[setting]}
        set +e
        ( {SHOW} ) > {tmp_path}/before 2>&1
        {sys.executable} -c '{ASK}' || exit 1
        ( {SHOW} ) > {tmp_path}/after 2>&1
    """
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    subprocess.run(["unshare", "--net", "sh", "-c", script], check=True, env=environment, timeout=120)
    before, after = (tmp_path / "before").read_text(), (tmp_path / "after").read_text()
    assert before == after
    assert "/proc/sys/net/ipv4/ip_forward" in before
    assert ("9999" in before) == (setting != "nothing")
