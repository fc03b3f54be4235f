import { demandTool, type Detector, firstWords, needs, notRun, noticed, SCRATCH, silent } from "../detector.ts";
import { archiveOf } from "./archive.ts";

const FOLDER = `${SCRATCH}/backup`;

export const pgVerifybackup: Detector = {
  name: "pg_verifybackup",
  summary: "Fetches the backup that was restored once more and compares every file with its manifest",
  goodFor: "a backup that changed after it was taken; blind to damage that it was taken with",
  ofArchive: true,
  async run(bench) {
    const { archiver, tool } = archiveOf(bench);
    const [shell, backup] = await Promise.all([bench.machine(), bench.backup()]);
    if (!backup) return notRun("the archive holds no backup");
    await archiver.fetch(shell, backup, FOLDER);
    // History is kept elsewhere, and pg_waldump reads it (-n).
    const said = await shell.attempt(`${needs("pg_verifybackup", "-ge", bench.version)}${VERIFY}`, [FOLDER]);
    demandTool(said);
    if (said.code === NO_MANIFEST) return notRun(`${tool} keeps no manifest that it could be compared with`);
    if (said.code !== 0) return noticed(`${backup.label}: ${firstWords(said.stderr || said.stdout)}`);
    return silent(`${backup.label}: ${said.stdout.trim()} files are as its manifest has them`);
  },
};

const NO_MANIFEST = 126;
const VERIFY = `[ -e "$1/backup_manifest" ] || exit ${NO_MANIFEST}
pg_verifybackup -n -q "$1"
find "$1" -type f ! -name backup_manifest | wc -l`;
