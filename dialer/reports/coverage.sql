-- name: count_campaign
-- Customers of the campaign's lists, and those of them with a typified interaction in it.
INSERT INTO report_coverage (campaign_id, customers, managed, counted_at)
SELECT $1, count(*), count(*) FILTER (WHERE managed), $2
FROM (
    SELECT c.customer_id,
           EXISTS (SELECT FROM interaction i
                   WHERE i.customer_id = c.customer_id AND i.campaign_id = $1 AND i.state = 'typified') AS managed
    FROM contact c JOIN dial_list l ON l.id = c.dial_list_id
    WHERE l.campaign_id = $1 AND l.deleted_at IS NULL
    GROUP BY c.customer_id
) customers
ON CONFLICT (campaign_id) DO UPDATE
SET customers = excluded.customers, managed = excluded.managed, counted_at = excluded.counted_at
RETURNING campaign_id, customers, managed, counted_at

-- name: of_campaigns
SELECT campaign_id, customers, managed, counted_at FROM report_coverage
WHERE $1::uuid[] IS NULL OR campaign_id = ANY ($1)
ORDER BY campaign_id

-- name: stale
-- Campaigns never counted, or counted before $1, that are not deleted; the oldest count first.
SELECT k.id FROM campaign k LEFT JOIN report_coverage c ON c.campaign_id = k.id
WHERE k.deleted_at IS NULL AND (c.counted_at IS NULL OR c.counted_at < $1)
ORDER BY c.counted_at NULLS FIRST, k.id LIMIT $2

-- name: of_agent
-- The customers an agent owns, and those of them anybody has managed.
SELECT count(*) AS customers, count(*) FILTER (WHERE EXISTS (
           SELECT FROM interaction i WHERE i.customer_id = k.id AND i.state = 'typified')) AS managed
FROM customer k
WHERE k.owner_id = $1 AND k.deleted_at IS NULL
