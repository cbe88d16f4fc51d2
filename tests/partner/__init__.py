"""A partner's web service on this machine: every pagination style, login and fault.

::

    from tests.partner import auth, faults
    from tests.partner.server import Partner

    with Partner(250) as partner:                     # or a list of records
        partner.fail(path="/page/total", after=2, times=1, fault=faults.too_many(1))
        ...                                           # partner.url + "/page/total"
        assert [r.status for r in partner.requests] == [200, 200, 429, 200]

``python -m tests.partner --records 100000`` serves from a process of its own: prints
the address and the authority's file, and ends with its standard input (benchmarks).

Partner(records=250, certificate=None, port=0)
    ``url`` (127.0.0.1), ``named_url`` (localhost), ``ca_file``, ``requests`` (each with
    method, target, path, query, headers, body, time, status, sent, wait_seconds),
    ``calls(path)``, ``too_early()`` (who ignored a Retry-After), ``most_at_once``,
    ``handshakes_failed``, ``reset()``, ``records`` (may be set: next sync, drift),
    ``latency`` (seconds, may be set), ``render(page_size)``, ``add(path, endpoint)``.
    certificate: "good", "expired", "wrong host", "untrusted", "self-signed".
    An error inside an endpoint is raised when the ``with`` ends.

Records (:mod:`tests.partner.records`): ``claim(n)``, ``claims(count, first=1)``,
20 fields, amounts with two digits, three records for each hour of ``updated_at``.
Filters of all styles: ``updated_since`` (that moment too), ``from`` and ``to`` (days of
``notification_date``, both included).  Page size 100, at most 1,000, if nothing else
is said.

=========================== ========================= ==================================
path                        parameters                answer
=========================== ========================= ==================================
/single/list                                          ``[…]``
/single/data                                          ``{"data": […]}``
/single/deep                                          ``result.claims.items``
/single/one                                           ``{"data": {…}}``, the first one
/page/total                 page, per_page            data, meta.{page,
                                                      perPage,total,lastPage}
/page/plain                 page, per_page            items; an empty page is the end
/page/404                   page, per_page            results; 404 beyond the end
/page/drf                   page, per_page            results, count, next, previous
/offset/total               offset, limit             total, offset, limit, records
/offset/plain               offset, limit             the same without total
/offset/capped              offset, limit             at most 40 a page, with total
/offset/capped-plain        offset, limit             at most 40 a page, without total
/openfema/v2/Claims         $skip, $top (1,000),      Claims, metadata.count (0 unless
                            $inlinecount, $count      asked for by allpages or true)
/cursor/null                cursor, limit             data, meta.next_cursor, null last
/cursor/empty               cursor, limit             the same, "" last
/cursor/absent              cursor, limit             the same, no such key last
/cursor/stripe              starting_after, limit     object, has_more, data
/next/absolute              page, per_page            next (address, null last), data
/next/relative              page, per_page            next (path, "" last), data
/next/query                 page, per_page            next ("?page=2", no key last)
/next/paging                page, per_page            paging.next (no key last), data
/link/github                page, per_page            ``[…]``, Link to another path;
                                                      `first` is a URI template
/link/since                 since, per_page           ``[…]``, next has since=<last id>,
                                                      also the last; then an empty page
/link/rfc8288               page, per_page            ``[…]``, two Link headers, decoys,
                                                      relative target, several rels
/odata/Claims               Prefer: maxpagesize=,     value, @odata.nextLink (spaces,
                            or size, $count=true      quotes, &, no ?; 400 if changed),
                                                      @odata.count, relative context
/gleif/claims               page[number] or           data[].attributes, links.next
                            page[cursor]=*,           (drops fields and >=, no key last)
                            page[size] (15, ≤ 200),   meta.pagination, meta.goldenCopy
                            fields[claims],
                            filter[updated_at]=>=…
/gleif/moving               the same                  publishDate changes at each page
/jsonapi/claims             the same                  links.next is null last
/formats/json, jsonl, csv   page, per_page            an empty page is the end; CSV: a
/formats/xml                                          header on each, nameless last one
/v1/latest, /v1/2026-01-02  symbols, base=EUR         Frankfurter: base, date, rates
/v1/2026-01-01..2026-01-31  symbols, base=EUR         rates by date; BGN until the 15th,
                                                      ISK from the 12th; ends on 31 July
/ecb/eurofxref-hist.csv                               "N/A", a nameless last column
/oauth/token                                          after ``partner.oauth()``
=========================== ========================= ==================================

Login (:mod:`tests.partner.auth`): ``partner.protect(check, path="")`` with
``header_key(name, key)``, ``query_key(name, key, is_echoed=False)``,
``basic(user_name, password)``, ``bearer(token)``; a query key that is not echoed is
missing from the links.  ``service = partner.oauth(scope=…, audience=…,
client_in="header" | "body" | "either", expires_in=3600 | "3600" | None,
refresh_token="refresh-1", is_rotating=True, seconds=0.0)``; then ``service.requests``,
``service.issued``, ``service.expire()``, ``service.expire_after(data_requests)``; to
revoke the refresh token, set it to another.

Faults (:mod:`tests.partner.faults`): ``partner.fail(fault=…, path="", times=1 |
"always", after=0)``.  Paths are beginnings; "" is all but /oauth/.

- ``status(code, *headers)``; ``too_many(seconds=None, tell, code=429)``; `tell` is
  "retry-after", "date", "milliseconds", "none", "ietf", "github" or "seconds";
- ``close(is_reset=False)``, ``silence()``, ``drip(seconds, of="body" | "head")``,
  ``cut(share)``, ``cut_chunked(is_at_boundary=False)``;
- ``content(body, content_type)``, ``content_type(name)``, ``login_page()``,
  ``invalid_json()``, ``latin1()``, ``utf16(is_announced=False)``, ``utf8_mark()``;
- ``repeats()``, ``endless()``, ``flood(bytes, is_announced=False)``,
  ``gzip_bomb(bytes)``;
- ``redirect(to, code=302)``: a path, an address (``faults.METADATA``), or one of
  ``itself``, ``other_name``, ``plain_http``;
- ``storm(seed, too_many_share=.5, fault_share=.1, cut_share=.05, waits=(0, 1))``;
- no faults: ``chunked()``, ``gzipped()``.

Quota: ``quota = partner.quota(limit=5, window_seconds=1, style="ietf" | "github" |
"seconds", has_retry_after=True)``; ``quota.refused`` counts the 429s.
"""
