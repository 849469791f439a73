"""Every finding fires where it should, and only there."""

import pytest

from hubspot_retention.core.policy.check import Finding, Severity, findings, unfit
from hubspot_retention.core.policy.parse import parse_policy
from tests.unit.core.policy.texts import EVERYBODY, a_follower, a_policy, a_rule, clienti_text

DEALS = a_rule(
    "deals",
    '{ known = "last_activity_at" }',
    'dispose = { after = "P5Y", from = "last_activity_at", within = "P4M", disposition = "archive" }',
    record_class="deal",
)
PARTNER = '{ is = "is_partner" }'
WON = '{ is = "is_closed_won" }'


def disposing(name: str, when: str, *more: str, record_class: str = "contact", **changed: str) -> str:
    """A rule with a dispose; `changed` values as TOML."""
    values = {
        "after": '"P12M"',
        "from": '"last_activity_at"',
        "within": '"P4M"',
        "disposition": '"archive"',
        **changed,
    }
    table = ", ".join(f"{key} = {value}" for key, value in values.items())
    return a_rule(name, when, f"dispose = {{ {table} }}", *more, record_class=record_class)


def keeping(name: str, when: str, keep: str, record_class: str = "contact", basis: str = "contract") -> str:
    return a_rule(name, when, f"keep = {keep}", record_class=record_class, basis=basis)


def found(*rules: str) -> list[Finding]:
    """What is found in a policy of these rules, the note about a rule for all contacts aside."""
    return [finding for finding in findings(a_policy(*rules)) if finding.severity is not Severity.NOTE]


def texts(*rules: str) -> list[str]:
    """The same as lines, for a policy that covers all classes besides."""
    return [
        f"{finding.severity}: {finding.path}: {finding.text}"
        for finding in found(*rules, EVERYBODY, DEALS, a_follower())
    ]


def test_a_policy_that_covers_everything_has_nothing_found() -> None:
    assert texts() == []


def test_clientis_policy_has_no_errors_and_its_bookkeeping_warning_is_the_only_one() -> None:
    (only,) = findings(parse_policy(clienti_text()))
    assert (only.severity, only.path) == (Severity.WARNING, "rules[agreement].dispose.after")
    assert only.text == (
        "comes later than 5 years wherever it applies: bookkeeping keeps for 5 years from the end of the "
        "financial year, up to a year more"
    )


def test_classes_that_no_rule_covers_are_named() -> None:
    lines = [finding.text for finding in found(EVERYBODY)]
    assert lines == [
        "no rule covers deals: none of them is ever disposed of",
        "no rule covers correspondence: nothing says why notes, e-mails and calls are kept",
    ]


def test_a_class_that_is_only_kept_is_named() -> None:
    keep = keeping("keep", '{ known = "last_activity_at" }', '{ period = "P1Y", from = "last_activity_at" }')
    assert found(keep, DEALS, a_follower()) == [
        Finding(Severity.WARNING, "rules", "no rule disposes of contacts: they are kept for ever")
    ]


def test_a_gap_is_told_by_the_records_that_fall_into_it() -> None:
    lines = [finding.text for finding in found(disposing("r", PARTNER), DEALS, a_follower())]
    assert lines == [
        "no rule covers contacts where the person belongs to no partner or vendor: a person must look at each of them"
    ]


def test_criteria_that_contradict_each_other_are_an_error() -> None:
    when = '{ all = [{ is = "is_customer" }, { not = { is = "was_customer" } }] }'
    assert texts(disposing("r", when)) == ["error: rules[r].when: never applies: its criteria contradict each other"]


@pytest.mark.parametrize(
    "when", ['{ later = "event_on", than_each = ["event_on"] }', '{ not_past = "last_enquiry_at" }']
)
def test_so_is_a_criterion_that_no_record_can_meet(when: str) -> None:
    assert texts(disposing("r", when)) == ["error: rules[r].when: never applies: its criteria contradict each other"]


def test_a_policy_is_unfit_by_its_errors_alone() -> None:
    never = disposing("r", f"{{ all = [{PARTNER}, {{ not = {PARTNER} }}] }}")
    policy = a_policy(never, EVERYBODY)
    assert [finding.severity for finding in unfit(policy)] == [Severity.ERROR]
    assert len(findings(policy)) > 1
    assert unfit(a_policy(EVERYBODY)) == ()


def test_a_keep_of_a_rule_that_never_applies_is_not_complained_of_again() -> None:
    when = f"{{ all = [{PARTNER}, {{ not = {PARTNER} }}] }}"
    assert texts(keeping("r", when, f"{{ while = {PARTNER} }}")) == [
        "error: rules[r].when: never applies: its criteria contradict each other"
    ]


def test_a_rule_for_everybody_is_noted() -> None:
    notes = [f for f in findings(a_policy(EVERYBODY)) if f.severity is Severity.NOTE]
    assert notes == [Finding(Severity.NOTE, "rules[everybody].when", "applies to all contacts")]


def test_a_criterion_said_twice_in_one_group_is_told_once() -> None:
    when = f"{{ not = {{ any = [{PARTNER}, {{ all = [{PARTNER}, {PARTNER}] }}] }} }}"
    assert texts(disposing("r", when)) == [
        "warning: rules[r].when: says twice in one group that the person belongs to a partner or vendor"
    ]


def test_a_criterion_said_twice_in_refer_when_is_told_there() -> None:
    refer = 'refer_when = { any = [{ known = "event_on" }, { known = "event_on" }] }'
    assert texts(disposing("r", PARTNER, refer)) == [
        "warning: rules[r].refer_when: says twice in one group that the event is on record"
    ]


EVENT = '{ known = "event_on" }'
NO_PARTNER = f"{{ not = {PARTNER} }}"
NEVER = "lists a case that never counts, as it contradicts itself or what must hold besides"


def test_a_case_that_contradicts_what_must_hold_besides_is_told() -> None:
    assert texts(disposing("r", f"{{ all = [{PARTNER}, {{ any = [{EVENT}, {NO_PARTNER}] }}] }}")) == [
        f"warning: rules[r].when: {NEVER}: the person belongs to no partner or vendor"
    ]


def test_a_case_that_contradicts_itself_is_told_wherever_it_stands() -> None:
    itself = f"{{ any = [{EVENT}, {{ all = [{PARTNER}, {NO_PARTNER}] }}] }}"
    said = "the person belongs to a partner or vendor and the person belongs to no partner or vendor"
    for when in (itself, f"{{ not = {itself} }}", f"{{ any = [{PARTNER}, {{ all = [{EVENT}, {itself}] }}] }}"):
        assert f"warning: rules[r].when: {NEVER}: {said}" in texts(disposing("r", when))


def test_a_case_that_the_facts_rule_out_is_told() -> None:
    when = f'{{ any = [{EVENT}, {{ all = [{{ is = "is_customer" }}, {{ not = {{ is = "was_customer" }} }}] }}] }}'
    (only,) = texts(disposing("r", when))
    assert only.startswith(f"warning: rules[r].when: {NEVER}: ")


def test_a_case_of_a_while_or_of_what_is_referred_that_the_rule_rules_out_is_told() -> None:
    either = f"{{ any = [{EVENT}, {NO_PARTNER}] }}"
    said = f"{NEVER}: the person belongs to no partner or vendor"
    assert texts(keeping("r", PARTNER, f"{{ while = {either} }}")) == [f"warning: rules[r].keep.while: {said}"]
    assert texts(disposing("r", PARTNER, f"refer_when = {either}")) == [f"warning: rules[r].refer_when: {said}"]


@pytest.mark.parametrize(
    "when",
    [
        f"{{ any = [{EVENT}, {NO_PARTNER}] }}",
        f"{{ any = [{PARTNER}, {NO_PARTNER}] }}",
        f"{{ any = [{EVENT}, {{ all = [{EVENT}, {PARTNER}] }}] }}",
        f"{{ any = [{{ all = [{PARTNER}, {EVENT}] }}, {{ all = [{NO_PARTNER}, {{ known = 'customer_until' }}] }}] }}",
        f"{{ all = [{PARTNER}, {{ not = {{ any = [{EVENT}, {NO_PARTNER}] }} }}] }}",
        f"{{ all = [{{ any = [{PARTNER}, {EVENT}] }}, {{ any = [{NO_PARTNER}, {EVENT}] }}] }}",
    ],
)
def test_a_case_that_may_be_is_none(when: str) -> None:
    """Also one that another case covers, or that is denied where it could not be anyway."""
    assert not [line for line in texts(disposing("r", when)) if NEVER in line]


def test_of_a_rule_that_never_applies_no_case_is_told() -> None:
    when = f"{{ all = [{PARTNER}, {NO_PARTNER}, {{ any = [{PARTNER}, {EVENT}] }}] }}"
    assert texts(disposing("r", when)) == ["error: rules[r].when: never applies: its criteria contradict each other"]


def test_a_while_that_cannot_hold_keeps_nothing() -> None:
    assert texts(keeping("r", PARTNER, f"{{ while = {{ not = {PARTNER} }} }}")) == [
        "error: rules[r].keep.while: keeps nothing: it never holds where the rule applies"
    ]


def test_a_while_that_cannot_hold_beside_a_period_is_a_warning() -> None:
    keep = f'{{ while = {{ not = {PARTNER} }}, period = "P1M", from = "last_activity_at" }}'
    assert texts(keeping("r", PARTNER, keep)) == ["warning: rules[r].keep.while: never holds where the rule applies"]


def test_a_rule_behind_an_exclusive_one_never_counts() -> None:
    both = f'{{ all = [{PARTNER}, {{ known = "event_on" }}] }}'
    assert texts(disposing("wide", PARTNER, "exclusive = true"), disposing("narrow", both)) == [
        "error: rules[narrow]: never counts: wide is exclusive and applies wherever this rule does"
    ]


def test_two_exclusive_rules_that_may_both_apply_are_told_whichever_stands_first() -> None:
    partner = keeping("partner", PARTNER, f"{{ while = {PARTNER} }}") + "exclusive = true\n"
    guest = disposing("guest", '{ known = "event_on" }', "exclusive = true")
    who = "the person belongs to a partner or vendor and the event is on record"
    text = "is exclusive, and so is {}: where both apply, a person must look at each record ({})"
    assert f"warning: rules[guest]: {text.format('partner', who)}" in texts(partner, guest)
    turned = "the event is on record and the person belongs to a partner or vendor"
    assert f"warning: rules[partner]: {text.format('guest', turned)}" in texts(guest, partner)


def test_exclusive_rules_that_never_apply_to_the_same_record_do_not_overlap() -> None:
    both = f'{{ all = [{{ known = "event_on" }}, {{ not = {PARTNER} }}] }}'
    partner = disposing("partner", PARTNER, "exclusive = true")
    assert not any("is exclusive" in text for text in texts(partner, disposing("guest", both, "exclusive = true")))
    other_class = disposing("won", WON, "exclusive = true", record_class="deal", **{"from": '"closed_at"'})
    assert not any("and so is" in text for text in texts(partner, other_class))


def test_a_while_that_always_stands_against_a_disposal_is_an_error() -> None:
    both = f'{{ all = [{PARTNER}, {{ known = "event_on" }}] }}'
    assert texts(disposing("go", both), keeping("stay", PARTNER, f"{{ while = {PARTNER} }}")) == [
        "error: rules[go].dispose: never disposes: wherever it applies, stay keeps without end"
    ]


def test_two_keeps_that_share_a_disposal_between_them_stop_it_for_ever() -> None:
    deal = '{ is = "has_open_deal" }'
    assert texts(
        disposing("go", f"{{ any = [{PARTNER}, {deal}] }}"),
        keeping("one", PARTNER, f"{{ while = {PARTNER} }}"),
        keeping("two", deal, f"{{ while = {deal} }}"),
        keeping("three", '{ is = "works_for_customer" }', '{ while = { not = { known = "event_on" } } }'),
    ) == ["error: rules[go].dispose: never disposes: wherever it applies, one, two or three keeps without end"]


def test_a_keep_that_the_disposal_overrides_does_not_stop_it() -> None:
    go = disposing("go", PARTNER, overrides='["contract"]')
    assert texts(go, keeping("stay", PARTNER, f"{{ while = {PARTNER} }}")) == []


def test_an_exclusive_disposal_is_stopped_by_its_own_keep_alone() -> None:
    both = f'{{ all = [{PARTNER}, {{ known = "event_on" }}] }}'
    while_partner = f"{{ while = {PARTNER} }}"
    go = disposing("go", both, "exclusive = true")
    assert texts(go, keeping("stay", PARTNER, while_partner)) == []
    assert texts(disposing("go", both, f"keep = {while_partner}", "exclusive = true")) == [
        "error: rules[go].dispose: never disposes: wherever it applies, go keeps without end"
    ]


def test_an_exclusive_disposal_is_made_later_by_its_own_keep_alone() -> None:
    both = f'{{ all = [{PARTNER}, {{ known = "event_on" }}] }}'
    two_years = '{ period = "P24M", from = "last_activity_at" }'
    go = disposing("go", both, "exclusive = true")
    assert texts(go, keeping("stay", PARTNER, two_years)) == []
    assert texts(disposing("go", both, f"keep = {two_years}", "exclusive = true")) == [
        "warning: rules[go].dispose.after: comes later than 12 months wherever it applies: go keeps for 24 months"
    ]


def test_a_relationship_that_goes_on_never_ends_so_nothing_is_due() -> None:
    ongoing = '{ is = "relationship_ongoing" }'
    assert texts(disposing("r", ongoing, **{"from": '"customer_until"'})) == [
        "error: rules[r].dispose: never disposes: it applies only while the relationship goes on"
    ]


def test_a_keep_from_the_end_of_an_ongoing_relationship_has_no_end() -> None:
    ongoing = '{ is = "relationship_ongoing" }'
    stay = keeping("stay", ongoing, '{ until_end_of = "customer_until" }')
    assert texts(disposing("go", ongoing), stay) == [
        "error: rules[go].dispose: never disposes: wherever it applies, stay keeps without end"
    ]


def test_two_rules_that_say_the_same_are_told() -> None:
    assert texts(disposing("one", PARTNER), disposing("two", PARTNER)) == ["warning: rules[two]: says the same as one"]


def test_a_start_that_may_be_missing_leaves_records_undetermined() -> None:
    rule = disposing("r", PARTNER, 'keep = { period = "P1M", from = "event_on" }', **{"from": '"event_on"'})
    text = "applies where the event is not on record: such contacts stay undetermined"
    assert texts(rule) == [f"warning: rules[r].{part}: {text}" for part in ("keep", "dispose")]


def test_a_while_that_holds_as_long_as_the_start_is_missing_is_enough() -> None:
    keep = 'keep = { while = { not = { known = "event_on" } }, until_end_of = "event_on" }'
    assert texts(disposing("r", PARTNER, keep, "exclusive = true", **{"from": '"event_on"'})) == []


def test_a_keep_that_outlasts_a_disposal_makes_it_later_than_it_says() -> None:
    stay = keeping("stay", PARTNER, '{ period = "P24M", from = "last_activity_at" }')
    assert texts(disposing("go", PARTNER), stay) == [
        "warning: rules[go].dispose.after: comes later than 12 months wherever it applies: stay keeps for 24 months"
    ]


@pytest.mark.parametrize(
    "stay",
    [
        keeping("stay", PARTNER, '{ period = "P12M", from = "last_activity_at" }'),
        keeping("stay", '{ known = "event_on" }', '{ period = "P24M", from = "event_on" }'),
        keeping("stay", '{ is = "has_open_deal" }', '{ period = "P24M", from = "last_activity_at" }'),
        keeping("stay", PARTNER, '{ period = "P6M", from_financial_year_end_of = "last_activity_at" }'),
    ],
)
def test_a_keep_that_may_end_before_or_may_not_apply_is_not_complained_of(stay: str) -> None:
    assert texts(disposing("go", PARTNER), stay) == []


def test_a_legal_obligation_that_always_outlasts_a_right_is_an_error() -> None:
    asked = '{ known = "erasure_requested_at" }'
    changed = {
        "from": '"erasure_requested_at"',
        "within": '"P30D"',
        "disposition": '"erase"',
        "right": "true",
    }
    go = disposing("go", asked, 'mode = "enforce"', after='"P0D"', **changed)
    stay = keeping("stay", asked, '{ period = "P5Y", from = "erasure_requested_at" }', basis="legal_obligation")
    assert texts(go, stay) == [
        "error: rules[go].dispose.after: comes later than 0 days wherever it applies: "
        "stay keeps for 5 years; a right cannot wait"
    ]


@pytest.mark.parametrize("start", ["customer_until", "closed_at"])
def test_bookkeeping_makes_a_disposal_later_by_up_to_a_year(start: str) -> None:
    changed = {"after": '"P5Y"', "from": f'"{start}"'}
    go = disposing("go", WON, record_class="deal", **changed)
    keep = '{ period = "P5Y", from_financial_year_end_of = "last_business_on" }'
    books = keeping("books", WON, keep, "deal", "legal_obligation")
    assert [finding.path for finding in found(go, books, EVERYBODY, DEALS, a_follower())] == ["rules[go].dispose.after"]


@pytest.mark.parametrize(("within", "days"), [("P91D", "1 day"), ("P103D", "13 days")])
def test_a_within_that_the_bin_nearly_fills_is_told(within: str, days: str) -> None:
    assert texts(disposing("r", PARTNER, within=f'["{within}", "P5M"]')) == [
        f"warning: rules[r].dispose.within: leaves {days} to carry it out: HubSpot's bin takes 90 days"
    ]


def test_a_within_that_leaves_a_fortnight_is_enough() -> None:
    assert texts(disposing("r", PARTNER, within='"P104D"')) == []


def unsubscribed(*more: str, **changed: str) -> str:
    values = {"from": '"unsubscribed_at"', "within": '"P5D"', "disposition": '"erase"', "right": "true"}
    return disposing("u", '{ known = "unsubscribed_at" }', *more, **{"after": '"P0D"', **values, **changed})


NEWSLETTER = '[newsletter]\nsubscription_types = ["Nyhedsbrev"]\n'


def test_a_right_that_waits_for_a_person_within_days_is_told() -> None:
    text = "warning: rules[u].dispose.within: a person must approve within 5 days: who stands in on holidays?"
    assert texts(NEWSLETTER, unsubscribed('mode = "review"')) == [text]
    assert texts(NEWSLETTER, unsubscribed('mode = "enforce"', review='"person"')) == [text]


def test_a_right_that_is_enforced_or_has_time_enough_is_fine() -> None:
    assert texts(NEWSLETTER, unsubscribed('mode = "enforce"')) == []
    assert texts(NEWSLETTER, unsubscribed('mode = "review"', within='"P14D"')) == []


def test_a_right_that_may_take_longer_than_the_clock_of_requests_is_told() -> None:
    assert texts(NEWSLETTER, unsubscribed('mode = "enforce"', within='"P2M"')) == [
        "warning: rules[u].dispose.within: may take 62 days; requests are to be met in 30 (GDPR art. 12(3))"
    ]


def test_an_unsubscribe_rule_without_a_newsletter_is_told() -> None:
    assert texts(unsubscribed('mode = "enforce"')) == [
        "warning: newsletter.subscription_types: names no newsletter, so u sees only who is opted out of all mail"
    ]


def test_setting_the_law_aside_is_told() -> None:
    lines = texts(disposing("r", PARTNER, overrides='["consent", "legal_claim", "legal_obligation"]'))
    assert [line.split(";")[0] for line in lines] == [
        "warning: rules[r].dispose.overrides: sets legal_claim aside",
        "warning: rules[r].dispose.overrides: sets legal_obligation aside",
    ]


def erasing(*more: str) -> str:
    return disposing("r", PARTNER, *more, disposition='"erase"')


def test_an_erasing_rule_that_may_take_everybody_by_itself_is_an_error() -> None:
    everybody = "[guardrails]\nmax_percent = 100\n"
    assert texts(everybody, erasing('mode = "enforce"')) == [
        "error: rules[r]: erases by itself, and no guardrail stops it from erasing everybody (max_percent is 100)"
    ]
    assert texts(everybody, erasing('mode = "review"')) == []
    assert texts(everybody, erasing('mode = "enforce"', "guardrails = { max_percent = 10 }")) == []
    assert texts(everybody, disposing("r", PARTNER, 'mode = "enforce"')) == []


def test_a_confirmation_that_does_not_count_as_activity_is_told() -> None:
    assert texts('[sources.contact]\nactivity = ["createdate"]\n') == [
        "warning: sources.contact.activity: leaves out confirmed_on: a contact that a person confirmed still "
        "counts as inactive"
    ]


def test_how_much_a_finding_weighs_is_said_in_a_word() -> None:
    assert [str(severity) for severity in Severity] == ["error", "warning", "note"]


def test_errors_come_first_and_notes_last() -> None:
    when = f"{{ all = [{PARTNER}, {{ not = {PARTNER} }}] }}"
    weights = [finding.severity for finding in findings(a_policy(EVERYBODY, disposing("r", when)))]
    assert weights == sorted(weights, key=list(Severity).index)
    assert set(weights) == set(Severity)
