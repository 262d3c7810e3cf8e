-- How the last try of a delivery went: when, how long, and what was answered instead of 2xx, as JSON. What was answered goes
-- with the call's content.
ALTER TABLE deliveries ADD COLUMN last_exchange TEXT;
