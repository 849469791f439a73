"""Whether a policy disposes of more, or sooner, than one that a person approved (reliability S19)."""

from hubspot_retention.core.policy.model import Dispose, Disposition, RetentionPolicy, RetentionRule


def _length(dispose: Dispose) -> tuple[int, int]:
    return dispose.after.months, dispose.after.days


def _wider_rule(old: RetentionRule, new: RetentionRule) -> list[str]:
    """What of a changed rule could make more go, or sooner. In doubt a change counts as wider."""
    found = []
    if new.dispose is not None:
        if old.dispose is None:
            found.append(f"rule {new.rule_id} now disposes")
        else:
            before, after = _length(old.dispose), _length(new.dispose)
            if after != before and not (after[0] >= before[0] and after[1] >= before[1]):
                found.append(
                    f"rule {new.rule_id} disposes after {new.dispose.after}, before it was {old.dispose.after}"
                )
            if (
                new.dispose.disposition is Disposition.ERASE
                and old.dispose.disposition is not Disposition.ERASE
            ):
                found.append(f"rule {new.rule_id} now erases")
            if new.dispose.overrides - old.dispose.overrides:
                found.append(f"rule {new.rule_id} overrides more keeps")
            if new.dispose.start != old.dispose.start:
                found.append(f"rule {new.rule_id} counts from another start")
    if new.keep != old.keep:
        found.append(f"rule {new.rule_id} keeps differently")
    if new.when != old.when or new.refer_when != old.refer_when or new.exclusive != old.exclusive:
        found.append(f"rule {new.rule_id} matches differently")
    return found


def widened(approved: RetentionPolicy, policy: RetentionPolicy) -> tuple[str, ...]:
    """What makes `policy` wider than the approved one, in words; empty if nothing does."""
    if approved.digest == policy.digest:
        return ()
    found = []
    for rule in policy.rules:
        before = approved.rule(rule.rule_id)
        if before is None:
            if rule.dispose is not None:
                found.append(f"rule {rule.rule_id} is new and disposes")
        else:
            found.extend(_wider_rule(before, rule))
    names = {rule.rule_id for rule in policy.rules}
    found.extend(
        f"rule {rule.rule_id} is gone and kept records"
        for rule in approved.rules
        if rule.rule_id not in names and rule.keep is not None
    )
    if approved.terms != policy.terms or approved.sources != policy.sources:
        found.append("facts are read differently (sources, stages, time zone or review period)")
    if approved.newsletters != policy.newsletters:
        found.append("other newsletters are named")
    return tuple(found)
