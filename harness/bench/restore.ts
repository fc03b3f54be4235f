import { type Archived, requireArchive } from "../archive.ts";
import { openForWork } from "../components/postgres/maintenance.ts";
import { shellOn } from "../components/postgres/shell.ts";
import { type Figure, timed } from "./figure.ts";
import { openLab } from "./lab.ts";

const ROUNDS = 3;
/** About 100 bytes each, half of them random, so that they compress as a ledger does. */
const ROWS = 6_000_000;

const OPTIONS: Parameters<Archived["restore"]>[1] = {
  backup: "newest",
  to: "latest",
  at: undefined,
  inclusive: false,
  checked: true,
  onEnd: "promote",
  wal: "stock",
  tail: "shipped",
  archive: "fenced",
  stage: "whole",
  access: "machine",
};

/**
 * From the order to restore until the machine takes writes, against what no restore can do without: the same backup fetched and
 * unpacked onto the same disk with the same programs by hand, and against a bare pg_basebackup from the primary. In turn.
 */
export async function restorePace(): Promise<Figure[]> {
  const { stack, components } = await openLab({
    store: { kind: "s3", provider: "ceph" },
    db: { kind: "postgres", archive: { tool: "plain", to: "store" }, spares: [{ name: "spare" }] },
  });
  await using _stack = stack;
  const db = components.get("db")!;
  const archived = requireArchive(db);
  const signal = AbortSignal.timeout(1_200_000);
  const [primary, spare] = [db.nodes.get("db.primary")!, db.nodes.get("db.spare")!];
  await shellOn(primary).run(
    `psql -q -U postgres -c "CREATE TABLE load AS SELECT n, md5(n::text) || repeat('x', 32) AS text FROM generate_series(1, $1) AS n"`,
    [String(ROWS)],
  );
  const { label, detail } = await archived.backUp("full", signal);
  const bytes = Number(await shellOn(primary).run("du -sb /blackstart/disk/data --exclude=pg_wal | cut -f 1"));
  console.error(`restore: ${Math.round(bytes / 2 ** 20)} MiB of data; backup ${label}: ${detail}`);
  const series = { restored: [] as number[], unpacked: [] as number[], copied: [] as number[] };
  const nothing = () => undefined;
  const context = { signal, mark: nothing, keep: () => Promise.resolve(), rewound: nothing, restored: nothing };
  for (let round = 0; round <= ROUNDS; round++) {
    await openForWork(spare, signal);
    await shellOn(spare).run(CLEAN);
    const unpacked = await timed(() => shellOn(spare).run(UNPACK, [label]));
    await shellOn(spare).run(CLEAN);
    const copied = await timed(() => shellOn(spare).run(COPY, [primary.address]));
    await shellOn(spare).run(CLEAN);
    const restored = await timed(() => archived.restore(spare.name, OPTIONS, context));
    await spare.kill("SIGKILL");
    if (round === 0) continue; // warms the caches of all three
    series.restored.push(restored);
    series.unpacked.push(unpacked);
    series.copied.push(copied);
  }
  await db.close();
  await components.get("store")!.close();
  const what = `restore until writes are taken, ${Math.round(bytes / 2 ** 20)} MiB of data`;
  const wanted = "at most 1.2 and 2 s more";
  return [
    {
      what,
      unit: "ms",
      baseline: "the backup fetched and unpacked by hand",
      values: series.restored,
      against: series.unpacked,
      wanted,
    },
    {
      what,
      unit: "ms",
      baseline: "a bare pg_basebackup from the primary",
      values: series.restored,
      against: series.copied,
      wanted,
    },
  ];
}

/** What the measurement before left behind; no part of any. The data of the round before is what a restore finds. */
const CLEAN = "rm -rf /blackstart/disk/bare /blackstart/disk/bare.zst /blackstart/disk/data.before";

const UNPACK = `. /blackstart/run/archive/store; dir=/blackstart/disk/bare; mkdir "$dir"
get "base/$1/base.tar.zst" "$dir.zst"; zstd -q -d -c "$dir.zst" | tar -x -C "$dir"`;

const COPY = `dir=/blackstart/disk/bare
pg_basebackup -h "$1" -U postgres -D "$dir" -X none -c fast --no-password`;
