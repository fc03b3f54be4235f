import { ACCOUNTS, INITIAL_BALANCE } from "../../workload/content.ts";

/** The index on op is not unique unless the scenario asks for it: a duplicated write must be able to show. */
export const schemaSql = (uniqueKey: boolean): string => `
  CREATE SCHEMA blackstart;
  CREATE TABLE blackstart.ledger (op text NOT NULL, payload text NOT NULL, debit int, credit int, amount bigint);
  CREATE ${uniqueKey ? "UNIQUE " : ""}INDEX ledger_op ON blackstart.ledger (op);
  CREATE TABLE blackstart.accounts (id int PRIMARY KEY, initial bigint NOT NULL, balance bigint NOT NULL);
  CREATE TABLE blackstart.probe (n bigserial, at timestamptz NOT NULL DEFAULT clock_timestamp());
  INSERT INTO blackstart.accounts SELECT n, ${INITIAL_BALANCE}, ${INITIAL_BALANCE} FROM generate_series(0, ${ACCOUNTS - 1}) AS n;
  DO $$ BEGIN CREATE EXTENSION amcheck; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'no amcheck in this image'; END $$`;
