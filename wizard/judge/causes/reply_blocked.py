"""The connection attempt gets in, but the firewall stops the answer on its way out.

Stateful rules normally let answers pass (`ct state established,related accept`). A hand-made output
chain with `policy drop` that forgets this line, or an output rule for the port, silences the server
although everything about the way in is right.

What it looks like: `ERR_CONNECTION_TIMED_OUT` on the other device; on this machine the connection
is seen in state SYN-RECV (`ss -tn state syn-recv`), and tcpdump shows the SYN but no SYN-ACK.

See it by hand:
  Linux    sudo nft list ruleset                a base chain "hook output" with "policy drop"
           sudo iptables -S OUTPUT; sudo ip6tables -S OUTPUT

Fix: let the answers of established connections out again, which opens nothing for new ones:
  sudo nft insert rule inet filter output ct state established,related accept
  sudo iptables -I OUTPUT 1 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT

Undo: delete that rule (nft by its handle, iptables with -D).

Often mistaken for: `firewall-drops-port`: the way in is right here, and opening it again changes
nothing; `no-route-back`, where no rule is at fault.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import audience, evidence, near_misses, said
from wizard.judge.causes._way import not_here, stop_of, unread
from wizard.model.capture import Unknown
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import AllowReply

CAUSE = RootCause(
    ref="reply-blocked",
    stage=Stage.FIREWALL,
    title="The firewall stops the server's answer on its way out",
    catalogue=("E19", "J2"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.REPLY_DROPPED)
    if stop is None:
        if isinstance(facts.rulesets, Unknown) and journey.stop is None:
            return unread(facts.rulesets)
        return not_here(journey, "The answer is let out.")
    decision = stop.decision
    port = journey.translated.port if journey.translated else target.port
    reply = AllowReply(
        port, target.proto, audience(facts, journey.packet), (decision.out_interface if decision else "") or ""
    )
    by = decision.by if decision else None
    return found(
        f"The firewall lets the connection in but stops the answer on its way out: {said(by)}.",
        *evidence(by),
        fix=(reply,),
        near_misses=near_misses(decision),
    )
