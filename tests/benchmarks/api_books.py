"""Large books for the benchmark of the API: as many claims as wanted, made by SQL.

Twenty cedants with 2,000 treaties and a bordereau each; claims of every status, each
with a position that one to three statements tell.  Nine tenths came in by bulk loads,
of which 50,000 claims share one time stamp; the last tenth was touched one by one.
"""

import datetime

from django.contrib.auth.models import Group, User
from django.db import connection, transaction

from reinsurance.models import Load

CEDANTS, TREATIES, LOAD = 20, 2_000, 50_000
FIRST = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

_STEPS = (
    """
    INSERT INTO reinsurance_party (code, name, lei, country_id)
    SELECT 'CED' || lpad(n::text, 3, '0'), 'Cedant ' || n || ' Insurance', '', 'GB'
    FROM generate_series(1, %(cedants)s) n
    """,
    """
    INSERT INTO reinsurance_treaty (reference, name, cedant_id, treaty_type, basis,
        inception, expiry, currency_id, line_of_business_id, territories, perils,
        year_of_account)
    SELECT 'B0001QS' || lpad(n::text, 5, '0'), 'Quota share ' || n, p.id, 'QS', 'LO',
        make_date(2017 + n %% 10, 1, 1), make_date(2017 + n %% 10, 12, 31),
        (ARRAY['GBP','USD','EUR'])[1 + n %% 3],
        (SELECT code FROM reinsurance_lineofbusiness ORDER BY code LIMIT 1), '', '',
        2017 + n %% 10
    FROM generate_series(1, %(treaties)s) n
    JOIN reinsurance_party p
        ON p.code = 'CED' || lpad((1 + n %% %(cedants)s)::text, 3, '0')
    """,
    """
    INSERT INTO reinsurance_bordereau (kind, party_id, treaty_id, period_end, is_nil,
        status)
    SELECT 'claims', cedant_id, id, expiry, false, 'loaded' FROM reinsurance_treaty
    """,
    """
    INSERT INTO reinsurance_claim (treaty_id, reference, load_id,
        policy_reference, certificate_reference, insured_name, cause, description,
        country_id, date_of_loss, date_notified, policy_inception, policy_expiry,
        status_id, created_at, updated_at)
    SELECT t.id, 'CLM' || lpad(n::text, 9, '0'), l.id,
        'POL' || lpad((n::bigint * 7919 %% 300000)::text, 7, '0'), '',
        'Insured ' || (n::bigint * 104729 %% 500000) || ' Ltd',
        (ARRAY['Fire','Storm','Flood','Theft','Impact'])[1 + n %% 5],
        'Damage reported by the occupier, item ' || n %% 977,
        (ARRAY['GB','US','FR','DE','IT'])[1 + n %% 5],
        t.inception + n %% 300, t.inception + n %% 300 + 20,
        t.inception, t.expiry, s.codes[1 + n %% array_length(s.codes, 1)],
        l.loaded_at,
        CASE WHEN n <= %(claims)s * 9 / 10 THEN l.loaded_at
             ELSE timestamptz '2026-10-01' + n * interval '1.7 seconds' END
    FROM generate_series(1, %(claims)s) n
    JOIN (SELECT row_number() OVER (ORDER BY id) AS number, * FROM reinsurance_treaty
         ) t ON t.number = 1 + n %% %(treaties)s
    JOIN reinsurance_load l ON l.number = 1 + n / %(load)s
    CROSS JOIN (SELECT array_agg(code ORDER BY code) AS codes
                FROM reinsurance_claimstatus) s
    ORDER BY n
    """,
    # The triggers have noted them all as of now.
    """
    UPDATE reinsurance_claimchange k SET changed_at = c.updated_at
    FROM reinsurance_claim c WHERE c.id = k.claim_id
    """,
    """
    INSERT INTO reinsurance_claimposition (claim_id, currency_id, load_id, status_id,
        period_end, paid_indemnity, paid_fees, reserve_indemnity)
    SELECT c.id, t.currency_id, c.load_id, c.status_id, t.expiry,
        (c.id * 6151 %% 5000000) / 100.0, (c.id * 6151 %% 90000) / 100.0,
        CASE WHEN c.id %% 3 = 0 THEN 0 ELSE (c.id * 7919 %% 4000000) / 100.0 END
    FROM reinsurance_claim c JOIN reinsurance_treaty t ON t.id = c.treaty_id
    ORDER BY c.id
    """,
    """
    INSERT INTO reinsurance_claimstatement (position_id, load_id, "row", period_start,
        period_end, status_id, paid_indemnity_to_date, paid_fees_to_date,
        reserve_indemnity)
    SELECT p.id, p.load_id, 1 + p.id %% %(load)s, d.first,
        (d.first + interval '1 month' - interval '1 day')::date, p.status_id,
        p.paid_indemnity / (1 + m), p.paid_fees / (1 + m), p.reserve_indemnity
    FROM reinsurance_claimposition p, generate_series(0, (p.id %% 3)::int) m,
    LATERAL (SELECT (date_trunc('month', p.period_end) - m * interval '1 month')::date
             AS first) d
    ORDER BY p.id, m DESC
    """,
)


def fill(claims: int) -> None:
    """Write the books into an empty database, and let the server come to rest."""
    numbers = {
        "cedants": CEDANTS,
        "treaties": TREATIES,
        "claims": claims,
        "load": LOAD,
    }
    with connection.cursor() as cursor:
        with transaction.atomic():
            Load.objects.bulk_create(
                Load(
                    number=1 + load,
                    record_type="claims",
                    loaded_at=FIRST + load * datetime.timedelta(days=7),
                )
                for load in range(claims // LOAD + 1)
            )
            for step in _STEPS:
                cursor.execute(step, numbers)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def claims_there() -> int:
    """How many claims the books hold; nothing is there before the tables are."""
    if "reinsurance_claim" not in connection.introspection.table_names():
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM reinsurance_claim")
        (count,) = cursor.fetchone()
    return int(count)


def reader() -> User:
    """Somebody who may read everything and sign in nowhere but to the API."""
    user, _ = User.objects.get_or_create(username="bench-reader")
    user.groups.add(Group.objects.get(name="Auditor"))
    return user
