"""A local portal that behaves like HubSpot where this product touches it: for rehearsals, the demo and tests.

It has state and no canned answers. It imports nothing of the product, so that it cannot share its mistakes,
and only the command line and tests import it. What HubSpot leaves undocumented it answers with the worse
case.
"""
