-- Hold time: of the agents' talking time, how long the customer heard music. Logged as stays of state 'held' within a
-- stay of state 'talking'.
ALTER TABLE report_agent_hour ADD COLUMN hold_ms bigint NOT NULL DEFAULT 0;
ALTER TABLE report_agent_day  ADD COLUMN hold_ms bigint NOT NULL DEFAULT 0;
ALTER TABLE report_time_hour  ADD COLUMN hold_ms bigint NOT NULL DEFAULT 0;
