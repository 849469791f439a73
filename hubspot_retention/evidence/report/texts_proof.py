"""What the report says of the log's integrity, in both languages."""

from typing import Final

from hubspot_retention.evidence.report.pair import both

PROOF: Final = {
    "proof.intact": both(
        "Verified when this was made: the log is intact, {entries} entries, head {head}, root of the tree {root}.",
        "Kontrolleret ved udarbejdelsen: loggen er intakt, {entries} poster, hoved {head}, træets rod {root}.",
    ),
    "proof.checks": both(
        "Verifications of the log by the service itself in the period: {count}.",
        "Tjenestens egne kontroller af loggen i perioden: {count}.",
    ),
    "proof.how": both(
        "Each entry is chained by a SHA-256 hash to all before it and is a leaf of a Merkle tree (RFC 6962): a "
        "changed, missing, moved or added entry is found and named. A log rewritten from its beginning contradicts "
        "every checkpoint that was given away before.",
        "Hver post er kædet til alle tidligere med en SHA-256-kontrolsum og er et blad i et Merkle-træ (RFC 6962): en "
        "ændret, manglende, flyttet eller tilføjet post opdages og udpeges. En log, der er omskrevet fra begyndelsen, "
        "modsiger hvert kontrolpunkt, der er udleveret før.",
    ),
    "proof.signed": both(
        "Signed last on {at}, over {size} of these entries; checkpoints that are kept: {count}. This is the last; "
        "keep it:",
        "Senest underskrevet {at} over {size} af disse poster; gemte kontrolpunkter: {count}. Dette er det seneste; "
        "gem det:",
    ),
    "proof.removed": both(
        "The first {number} of these entries are no longer kept: they were removed when the log's own period was over. "
        "Their hashes remain, so that nobody can change what followed; the removal was signed for, and an entry tells "
        "of it.",
        "De første {number} af disse poster gemmes ikke længere: de blev fjernet, da loggens egen frist var udløbet. "
        "Deres hashværdier er bevaret, så ingen kan ændre det, der fulgte; fjernelsen er underskrevet, og en post "
        "fortæller om den.",
    ),
    "proof.unsigned": both(
        "Nobody has signed this log yet; `hubspot-retention audit checkpoint` does.",
        "Ingen har endnu underskrevet loggen; det gør `hubspot-retention audit checkpoint`.",
    ),
    "proof.checkpoint": both("Checkpoint (C2SP signed note)", "Kontrolpunkt (C2SP signed note)"),
    "proof.anchors": both(
        "Outside the service the log was shown to, up to when this was made:",
        "Uden for tjenesten er loggen vist til, frem til udarbejdelsen:",
    ),
    "proof.no-anchors": both(
        "Nobody outside the service is shown the log, so that only who keeps this report, or another checkpoint, can "
        "tell whether it was rewritten as a whole.",
        "Ingen uden for tjenesten får loggen vist, så kun den, der gemmer denne rapport eller et andet kontrolpunkt, "
        "kan se, om den er omskrevet i sin helhed.",
    ),
    "proof.stamps": both(
        "Time-stamps of an authority (RFC 3161) that are kept: {count}, the latest of {at}.",
        "Gemte tidsstempler fra en udsteder (RFC 3161): {count}, det seneste fra {at}.",
    ),
    "proof.self": both(
        "To verify it oneself, without the service and without trusting it: ask for an export "
        "(`hubspot-retention audit export log.jsonl --key signing.key`), the log's public key, and the verifier "
        "(`hubspot-retention audit verifier`), one file of Python that is read before it is run. Save the checkpoint "
        "above as checkpoint.txt and run `python verify.py export log.jsonl --key published.txt --anchor "
        "checkpoint.txt`. What became of one record is proved by `hubspot-retention audit receipt`.",
        "Egen kontrol, uden tjenesten og uden at stole på den: bed om en eksport "
        "(`hubspot-retention audit export log.jsonl --key signing.key`), loggens offentlige nøgle og "
        "kontrolprogrammet (`hubspot-retention audit verifier`), én Python-fil, som læses, før den køres. Gem "
        "kontrolpunktet ovenfor som checkpoint.txt og kør "
        "`python verify.py export log.jsonl --key published.txt --anchor checkpoint.txt`. Hvad der skete med et enkelt "
        "objekt i HubSpot, bevises med `hubspot-retention audit receipt`.",
    ),
    "anchor": both("Anchor", "Anker"),
    "shown-at": both("Shown last", "Sidst vist"),
    "age": both("Age", "Alder"),
    "entries-n": both("Entries", "Poster"),
    "trouble": both("In its way", "Hindring"),
    "never": both("never", "aldrig"),
    "hours": both("{count} h", "{count} t"),
    "days": both("{count} days", "{count} dage"),
    "anchor.file": both("A file on another volume", "En fil på en anden disk"),
    "anchor.witness": both("A witness", "Et vidne"),
    "anchor.timestamp": both("A time-stamping authority", "En udsteder af tidsstempler"),
    "anchor.message": both("A message to people", "En besked til personer"),
}
