"""Large books for the benchmark of the API: as many claims as wanted, made by SQL.

Twenty cedants with 2,000 treaties and a bordereau each; claims of every status, one to
three movements each.  Nine tenths came in by bulk loads, of which 50,000 claims share
one time stamp; the last tenth was touched one by one.
"""

from django.contrib.auth.models import Group, User
from django.db import connection, transaction

CEDANTS, TREATIES, LOAD = 20, 2_000, 50_000

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
    INSERT INTO reinsurance_claim (treaty_id, reference, bordereau_id,
        policy_reference, certificate_reference, insured_name, cause, description,
        country_id, date_of_loss, date_notified, policy_inception, policy_expiry,
        status_id, currency_id, paid_indemnity, paid_fees, reserve_indemnity,
        reserve_fees, created_at, updated_at)
    SELECT t.id, 'CLM' || lpad(n::text, 9, '0'), t.bordereau,
        'POL' || lpad((n::bigint * 7919 %% 300000)::text, 7, '0'), '',
        'Insured ' || (n::bigint * 104729 %% 500000) || ' Ltd',
        (ARRAY['Fire','Storm','Flood','Theft','Impact'])[1 + n %% 5],
        'Damage reported by the occupier, item ' || n %% 977,
        (ARRAY['GB','US','FR','DE','IT'])[1 + n %% 5],
        t.inception + n %% 300, t.inception + n %% 300 + 20,
        t.inception, t.expiry, s.codes[1 + n %% array_length(s.codes, 1)],
        t.currency_id, (n::bigint * 6151 %% 5000000) / 100.0,
        (n::bigint * 6151 %% 90000) / 100.0,
        CASE WHEN n %% 3 = 0 THEN 0 ELSE (n::bigint * 7919 %% 4000000) / 100.0 END,
        0, l.at,
        CASE WHEN n <= %(claims)s * 9 / 10 THEN l.at
             ELSE timestamptz '2026-10-01' + n * interval '1.7 seconds' END
    FROM generate_series(1, %(claims)s) n
    JOIN (SELECT row_number() OVER (ORDER BY t.id) AS number, b.id AS bordereau, t.*
          FROM reinsurance_treaty t JOIN reinsurance_bordereau b ON b.treaty_id = t.id
         ) t ON t.number = 1 + n %% %(treaties)s
    CROSS JOIN (SELECT array_agg(code ORDER BY code) AS codes
                FROM reinsurance_claimstatus) s
    CROSS JOIN LATERAL (SELECT timestamptz '2026-01-01'
                        + n / %(load)s * interval '7 days' AS at) l
    ORDER BY n
    """,
    """
    INSERT INTO reinsurance_claimmovement (claim_id, bordereau_id, period_end,
        status_id, paid_indemnity, paid_fees, reserve_indemnity, reserve_fees,
        recorded_at)
    SELECT c.id, c.bordereau_id, c.policy_expiry, c.status_id,
        CASE WHEN m = 1 THEN c.paid_indemnity ELSE 0 END,
        CASE WHEN m = 1 THEN c.paid_fees ELSE 0 END,
        CASE WHEN m = 1 THEN c.reserve_indemnity ELSE 0 END, 0, c.updated_at
    FROM reinsurance_claim c, generate_series(1, 1 + (c.id %% 3)::int) m
    ORDER BY c.id, m
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
