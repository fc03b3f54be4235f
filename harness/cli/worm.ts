import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CommandModule } from "yargs";
import packageJson from "../../package.json" with { type: "json" };
import { usage } from "../errors.ts";
import { shown } from "../render/escape.ts";
import { counted } from "../text.ts";
import { EXIT } from "../verdict.ts";
import { nameOf, openWorm, probeWorm, wormKeys, wormPlace, type WormPlace } from "../worm.ts";
import { abortOnSignals } from "./interrupt.ts";
import { finish, print, say } from "./io.ts";
import { runsIn } from "./list.ts";
import { type PinArguments, pinOptions, trustOf } from "./pins.ts";
import { packFolder } from "./report.ts";

interface Options extends PinArguments {
  readonly action: "probe" | "upload" | "check";
  readonly run: string | undefined;
  readonly reports: string;
  readonly json?: string;
}

/** `worm`: whether a bucket keeps what it is given, and what of the evidence is in it. Exit 5 where it is not as it must be. */
export const wormCommand: CommandModule<object, Options> = {
  command: "worm <action> [run]",
  describe: "The bucket that evidence is kept in: probe its lock, put a pack there again, check what it has",
  builder: (yargs) =>
    yargs
      .positional("action", {
        choices: ["probe", "upload", "check"] as const,
        demandOption: true,
        describe:
          "probe: try every way around the lock, with the owner's keys; upload: put a sealed pack there; check: look up everything that was put, with the reader's keys",
      })
      .positional("run", { type: "string", describe: "upload: the run's name" })
      .option("reports", { type: "string", default: "reports", describe: "Folder of the runs" })
      .options(pinOptions(": check wants it, for the run ledger"))
      .epilogue(
        "The bucket is BLACKSTART_WORM_BUCKET (https://<host>/<bucket>), with BLACKSTART_WORM_CA and BLACKSTART_WORM_REGION where needed. " +
          "Keys: BLACKSTART_WORM_ACCESS_KEY_ID and BLACKSTART_WORM_SECRET_ACCESS_KEY for drills, which may only put; " +
          "the same with OWNER_ and READER_ before ACCESS and SECRET for probe and check.\n",
      )
      .example("$0 worm probe", "half a minute; drills use the bucket for 31 days after it")
      .example("$0 worm upload <run>", "after a drill that could not put its pack there")
      .example(
        "$0 worm check --public-key drill.pub.pem",
        "every version that was put, and no run that the ledger does not know",
      ) as never,
  async handler({ action, run, reports, json, ...keys }) {
    const place = wormPlace(process.env);
    if (place === null)
      throw usage("BLACKSTART_WORM_BUCKET names no bucket", "export BLACKSTART_WORM_BUCKET=https://<host>/<bucket>");
    if ((run === undefined) === (action === "upload"))
      throw usage(action === "upload" ? "upload wants the name of a run" : `${action} takes no run`);
    if (action === "probe") return probe(place, reports, json);
    if (action === "upload") return upload(place, run!, reports, json);
    return check(place, reports, keys, json);
  },
};

async function probe(place: WormPlace, reports: string, json: string | undefined): Promise<void> {
  const { evaluatorFacts, keepProbe, loadSigner } = await import("../evidence.ts");
  const { refuseStoreOfDrill } = await import("../drill/worm-place.ts");
  await refuseStoreOfDrill(process.env);
  const { hostFacts } = await import("../drill/host.ts");
  const keys = { owner: wormKeys(process.env, "owner"), drill: wormKeys(process.env, "drill") };
  const { signer } = loadSigner(process.env);
  const { blackstart, dirty, clockSynchronised, preload } = await hostFacts({
    ...evaluatorFacts(),
    blackstart: packageJson.version,
    environmentKind: "container-lab",
    eventLoopStallMs: 0,
  });
  const bucket = nameOf(place);
  say(`probing ${shown(bucket)}: half a minute, for it waits until nothing that it made is locked any more`);
  const interrupt = abortOnSignals();
  try {
    const trials = await probeWorm(place, keys, interrupt.signal);
    const facts = { blackstart, dirty, clockSynchronised, preload, bucket, when: new Date().toISOString(), trials };
    const { file, predicate } = await keepProbe(reports, facts, signer);
    if (json) print(JSON.stringify({ ...predicate, file }, null, 2));
    else {
      print(trials.map(({ name, held, detail }) => shown(`${held ? "held" : "NOT "}  ${name}: ${detail}`)).join("\n"));
      const failed = trials.filter(({ held }) => !held).length;
      const word = predicate.ok ? "counts as WORM" : `does NOT count as WORM (${failed} of ${trials.length} trials)`;
      print(shown(`${bucket} ${word}; signed in ${file}`));
    }
    finish(predicate.ok ? EXIT.met : EXIT.unverified);
  } finally {
    interrupt.release();
  }
}

async function upload(place: WormPlace, given: string, reports: string, json: string | undefined): Promise<void> {
  const dir = packFolder(given, reports);
  const { keepPack, loadSigner, openVault } = await import("../evidence.ts");
  const vault = (await openVault(process.env, reports, loadSigner(process.env).signer))!;
  const receipt = await keepPack(dirname(dir), basename(dir), vault);
  if (json) print(JSON.stringify(receipt, null, 2));
  else print(shown(`${counted(receipt.files.length, "file")} of ${receipt.run} are in ${nameOf(place)}`));
  finish(EXIT.met);
}

async function check(place: WormPlace, reports: string, keys: PinArguments, json: string | undefined): Promise<void> {
  const { checkBucket, runsOfLedger } = await import("../evidence.ts");
  const packs = runsIn(reports).map((run) => realpathSync(join(reports, run)));
  const bucket = await openWorm(place, wormKeys(process.env, "reader"));
  const { looked, problems } = await checkBucket(
    reports,
    await runsOfLedger(reports, await trustOf(keys, packs)),
    bucket,
  );
  if (json)
    print(JSON.stringify({ schema: "blackstart/worm-check/v1", bucket: bucket.name, looked, problems }, null, 2));
  else {
    for (const problem of problems) print(shown(`NOT  ${problem}`));
    print(shown(`${counted(looked, "object")} of ${bucket.name} looked up, ${counted(problems.length, "problem")}`));
  }
  finish(problems.length === 0 ? EXIT.met : EXIT.unverified);
}
