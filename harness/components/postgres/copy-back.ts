import type { RepairContext } from "../../capabilities.ts";
import type { Node } from "../../node.ts";
import { bracket } from "../../time.ts";
import { shellOn } from "./shell.ts";

/**
 * From a machine that was restored aside into the one that serves: a table that is gone is made anew, a row that is gone is
 * inserted, one with other content gets it back, and everything that only the serving node has stays as it is.
 */
export async function copyBack(from: Node, serving: Node, { mark, keep, signal }: RepairContext): Promise<string> {
  const { at, value } = await bracket(() => shellOn(from, signal).run(COPY_BACK, [serving.address]));
  const lines = value.trim().split("\n");
  // A left side of the pipe that breaks off looks like the end of the copy to psql, which then commits nothing and exits 0.
  if (lines.pop() !== COMMITTED)
    throw new Error(`nothing of ${from.name} was committed in ${serving.name}: look at the log of ${from.name}`);
  const counts = lines.join(", ");
  await keep("copied-back.txt", `from ${from.name} into ${serving.name}: ${counts}\n`);
  mark("copied-back", at);
  return counts;
}

const COMMITTED = "committed";
const COLUMNS = ["payload", "debit", "credit", "amount"];
const list = (table: string): string => COLUMNS.map((column) => `${table}.${column}`).join(", ");

/** One transaction: clients see all of it or nothing. `$1` is where the serving node is; both servers know the same password file. */
const COPY_BACK = `
here() { psql -X -q -U postgres -d postgres -v ON_ERROR_STOP=1 "$@"; }
there() { psql -X -q -U postgres -h "$serving" -d postgres -v ON_ERROR_STOP=1 "$@"; }
serving=$1
if [ "$(there -At -c "SELECT to_regclass('blackstart.ledger') IS NULL")" = t ]; then
  made=$(pg_dump -U postgres -d postgres --schema-only -t blackstart.ledger)
  printf '%s\n' "$made" | there >/dev/null
  echo "the table made anew"
fi
{
  echo "BEGIN; CREATE TEMP TABLE aside (LIKE blackstart.ledger) ON COMMIT DROP;"
  echo "COPY aside FROM STDIN;"
  here -c "COPY blackstart.ledger TO STDOUT"
  echo "\\\\."
  cat <<'SQL'
CREATE INDEX ON aside (op);
ANALYZE aside;
WITH changed AS (
  UPDATE blackstart.ledger AS served SET (${COLUMNS.join(", ")}) = (${list("aside")}) FROM aside
  WHERE served.op = aside.op AND (${list("served")}) IS DISTINCT FROM (${list("aside")}) RETURNING 1)
SELECT count(*) || ' rows given their content back' FROM changed;
WITH added AS (
  INSERT INTO blackstart.ledger SELECT * FROM aside
  WHERE NOT EXISTS (SELECT FROM blackstart.ledger AS served WHERE served.op = aside.op) RETURNING 1)
SELECT count(*) || ' rows added' FROM added;
COMMIT;
SELECT '${COMMITTED}';
SQL
} | there -At`;
