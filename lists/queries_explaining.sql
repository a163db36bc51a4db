-- name: why_not
-- Everything begin attempt would look at, and who is in the way. The phone is the one that would be called next: the
-- one at the cursor, or the next after it where that one may not be called ($2: attempts a number may have).
SELECT c.id, c.state, c.next_at, c.attempts, c.agent_id, c.final_reason, c.finished_at, c.customer_id, c.campaign_id,
       coalesce(c.reserved_until > now(), false) AS reserved,
       l.paused AS list_paused, l.ready AS list_ready, l.deleted_at AS list_deleted, l.expires_at AS list_expires,
       k.zone AS customer_zone, coalesce(l.zone, b.zone) AS list_zone,
       p.e164, p.state AS phone_state, p.zones, coalesce(p.attempts, 0) AS number_attempts, p.do_not_call_since,
       n.last_at AS number_last, coalesce(n.recent, '{}') AS number_recent,
       u.last_at AS customer_last, coalesce(u.recent, '{}') AS customer_recent, u.conversation_at,
       (SELECT min(a.begun_at) FROM live_attempt a WHERE a.contact_id = c.id) AS live_since,
       (SELECT min(a.begun_at) FROM live_attempt a
        WHERE a.customer_id = c.customer_id AND a.state = 'connected' AND a.contact_id IS DISTINCT FROM c.id) AS talking_since,
       (SELECT min(a.begun_at) FROM live_attempt a
        WHERE (a.customer_id = c.customer_id OR a.e164 = p.e164) AND a.contact_id IS DISTINCT FROM c.id) AS elsewhere_since,
       f.open AS fence_open
FROM contact c
JOIN dial_list l ON l.id = c.dial_list_id
JOIN base b ON b.id = l.base_id
JOIN customer k ON k.id = c.customer_id
LEFT JOIN LATERAL (
    SELECT phone.e164, phone.state, phone.zones, coalesce(x.attempts, 0)::integer AS attempts, d.since AS do_not_call_since
    FROM phone
    LEFT JOIN contact_phone x ON x.contact_id = c.id AND x.e164 = phone.e164
    CROSS JOIN LATERAL (
        SELECT min(d.created_at) AS since FROM do_not_call d
        WHERE d.e164 = phone.e164 AND d.lifted_at IS NULL AND (d.campaign_id IS NULL OR d.campaign_id = c.campaign_id)
    ) d
    WHERE phone.customer_id = c.customer_id
    ORDER BY NOT (phone.state = 'good' AND d.since IS NULL AND coalesce(x.attempts, 0) < $2),
             phone.position < c.cursor, phone.position
    LIMIT 1
) p ON true
LEFT JOIN number_use n ON n.e164 = p.e164
LEFT JOIN customer_use u ON u.customer_id = c.customer_id
LEFT JOIN dial_fence f ON f.campaign_id = c.campaign_id
WHERE c.id = $1
