import { grouped } from "../../../text.ts";
import { within } from "../../../wait.ts";
import { demandTool, type Detector, firstWords, notRun, noticed, type Seen, silent } from "../detector.ts";
import { DATA_DIR } from "../archiver.ts";
import { waitsForWork } from "../maintenance.ts";
import { PROGRAMS_ON_PATH } from "../programs.ts";

/** An orderly end waits for standbys and for the archive; one that takes longer is not waited for. */
const SHUTDOWN_MS = 5_000;
/** For all pages to be read. */
const READING_MS = 60_000;

export const pgChecksums: Detector = {
  name: "pg_checksums",
  summary: "Reads every page of the serving node's files when its server has shut down, and adds up each again",
  goodFor:
    "pages that changed on the disk; blind to pages of zeros, and to a page that was written anew with the damage in it",
  last: true,
  async run({ serving, version }) {
    if ((await serving.state()) === "running" && !(await waitsForWork(serving)))
      await within(SHUTDOWN_MS, serving.kill("SIGINT"), `the server of ${serving.name} did not shut down in order`);
    return judge(
      serving.name,
      await serving.onDisk(["sh", "-c", CHECK, "sh", String(version), DATA_DIR], { timeoutMs: READING_MS }),
    );
  },
};

const CHECK = `VERSION=$1; ${PROGRAMS_ON_PATH}
command -v pg_checksums >/dev/null || { echo "pg_checksums is not on this machine" >&2; exit 127; }
pg_checksums --check -D "$2"`;

export function judge(node: string, said: { code: number; stdout: string; stderr: string }): Seen {
  demandTool(said);
  const count = (what: string): number => Number(new RegExp(`${what}:\\s+(\\d+)`).exec(said.stdout)?.[1] ?? Number.NaN);
  const [bad, blocks] = [count("Bad checksums"), count("Blocks scanned")];
  if (bad > 0)
    return noticed(`${node}: ${grouped(bad)} of ${grouped(blocks)} pages are wrong: ${firstWords(said.stderr, 1)}`);
  if (bad === 0 && said.code === 0) return silent(`${node}: ${grouped(blocks)} pages add up`);
  if (/could not read block/.test(said.stderr)) return noticed(`${node}: ${firstWords(said.stderr, 1)}`);
  return notRun(`${node}: ${firstWords(said.stderr, 1) || `it exited ${said.code}`}`);
}
