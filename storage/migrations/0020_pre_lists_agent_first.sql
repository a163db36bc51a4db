-- A paced call whose agent's phone is rung before the customer's: it always has an agent, so it is out of the ratio.
ALTER TABLE attempt DROP CONSTRAINT attempt_kind_check;
ALTER TABLE attempt ADD CONSTRAINT attempt_kind_check CHECK (
    kind IN ('dialled', 'agent_first', 'agent_bound', 'manual', 'preview', 'broadcast', 'inbound')
) NOT VALID;
