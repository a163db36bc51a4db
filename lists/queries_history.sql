-- name: one
SELECT id, begun_at, kind, campaign_id, dial_list_id, contact_id, customer_id, e164, trunk, caller_id, agent_id,
       ringing_at, early_media_at, answered_at, connected_at, ended_at, outcome, fault, cause, reason, amd, hung_up_by,
       pressed
FROM attempt WHERE id = $1;

-- name: newest_first
SELECT id, begun_at, kind, campaign_id, dial_list_id, contact_id, customer_id, e164, trunk, caller_id, agent_id,
       ringing_at, early_media_at, answered_at, connected_at, ended_at, outcome, fault, cause, reason, amd, hung_up_by,
       pressed
FROM attempt
WHERE begun_at >= $1 AND begun_at < $2
  AND ($3::uuid IS NULL OR customer_id = $3) AND ($4::uuid IS NULL OR contact_id = $4)
  AND ($5::uuid IS NULL OR campaign_id = $5) AND ($6::uuid IS NULL OR agent_id = $6)
  AND ($7::text IS NULL OR e164 = $7) AND ($8::text IS NULL OR outcome = $8)
  AND ($9::uuid[] IS NULL OR campaign_id = ANY ($9))
ORDER BY begun_at DESC, id DESC LIMIT $10 OFFSET $11;

-- name: oldest_first
SELECT id, begun_at, kind, campaign_id, dial_list_id, contact_id, customer_id, e164, trunk, caller_id, agent_id,
       ringing_at, early_media_at, answered_at, connected_at, ended_at, outcome, fault, cause, reason, amd, hung_up_by,
       pressed
FROM attempt
WHERE begun_at >= $1 AND begun_at < $2
  AND ($3::uuid IS NULL OR customer_id = $3) AND ($4::uuid IS NULL OR contact_id = $4)
  AND ($5::uuid IS NULL OR campaign_id = $5) AND ($6::uuid IS NULL OR agent_id = $6)
  AND ($7::text IS NULL OR e164 = $7) AND ($8::text IS NULL OR outcome = $8)
  AND ($9::uuid[] IS NULL OR campaign_id = ANY ($9))
ORDER BY begun_at, id LIMIT $10 OFFSET $11;
