import { ACCOUNTS, INITIAL_BALANCE } from "../../workload/content.ts";
import { IN_TABLESPACE } from "./tablespace.ts";

interface Schema {
  readonly uniqueKey: boolean;
  readonly surrogateKey: boolean;
  readonly tablespace: boolean;
}

/** The index on op is not unique unless the scenario asks for it: a duplicated write must be able to show. */
export const schemaSql = ({ uniqueKey, surrogateKey, tablespace }: Schema): string => `
  CREATE SCHEMA blackstart;
  CREATE TABLE blackstart.ledger (${surrogateKey ? "id bigserial PRIMARY KEY, " : ""}op text NOT NULL, payload text NOT NULL, debit int, credit int, amount bigint)${tablespace ? IN_TABLESPACE : ""};
  CREATE ${uniqueKey ? "UNIQUE " : ""}INDEX ${UNIQUE_INDEX} ON blackstart.ledger (op);
  CREATE TABLE blackstart.accounts (id int PRIMARY KEY, initial bigint NOT NULL, balance bigint NOT NULL);
  CREATE TABLE blackstart.probe (n bigserial, at timestamptz NOT NULL DEFAULT clock_timestamp());
  DO $$ BEGIN CREATE EXTENSION amcheck; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'no amcheck in this image'; END $$`;

/** What refuses a write whose id is there already. */
export const UNIQUE_INDEX = "ledger_op";

/** The rows that the ledger begins with. A logical standby gets them by its initial copy. */
export const SEED_SQL = `INSERT INTO blackstart.accounts SELECT n, ${INITIAL_BALANCE}, ${INITIAL_BALANCE} FROM generate_series(0, ${ACCOUNTS - 1}) AS n`;
