import type { CommandModule } from "yargs";
import { usage } from "../errors.ts";
import type { KeptSelftest } from "../evidence.ts";
import type { Listener } from "../progress.ts";
import { shown } from "../render/escape.ts";
import { whyNot } from "../render/selftest.ts";
import { abortOnSignals, Interrupted } from "./interrupt.ts";
import { colourful, finish, print } from "./io.ts";

interface Options {
  real: boolean;
  "no-real": boolean;
  reports: string;
  json?: "document" | "stream";
}

export const selftestCommand: CommandModule<object, Options> = {
  command: "selftest",
  describe: "Put the checkers to the test: controls whose truth is known, planted and real; signs what came out",
  builder: (yargs) =>
    yargs
      .option("real", {
        type: "boolean",
        default: false,
        describe: "The real controls must run, on images got for it; exit 6 where they cannot",
      })
      .option("no-real", { type: "boolean", default: false, describe: "Only the planted controls: no engine needed" })
      .option("reports", { type: "string", default: "reports" })
      .example("$0 selftest", "planted controls, and the real ones where this machine has what they need")
      .example("$0 selftest --no-real", "a few seconds, without an engine")
      .example("$0 selftest --real --json", "everything or exit 6, with the statement as a document"),
  async handler({ real, "no-real": noReal, reports, json }) {
    if (real && noReal) throw usage("--real and --no-real contradict each other", "leave one of them out");
    const { selftest } = await import("../selftest/selftest.ts");
    const { liveProgress } = await import("../render/live.ts");
    const interrupt = abortOnSignals();
    const live = liveProgress(process.stderr, { tty: process.stderr.isTTY, colour: colourful(process.stderr) });
    const listen: Listener =
      json === "stream"
        ? (event) => print(JSON.stringify({ schema: "blackstart/event/v1", ...event }))
        : (event) => live.event(event);
    try {
      const mode = real ? "required" : noReal ? "none" : "if-possible";
      const options = { reportsDir: reports, env: process.env, signal: interrupt.signal, listen, real: mode } as const;
      const { kept, exitCode } = await selftest(options);
      live.close();
      if (json) print(document(kept, json));
      else print(summary(kept));
      finish(exitCode);
    } catch (thrown) {
      if (!(thrown instanceof Interrupted)) throw thrown;
      finish(thrown.exitCode);
    } finally {
      live.close();
      interrupt.release();
    }
  },
};

function document({ predicate, file, sha256 }: KeptSelftest, form: "document" | "stream"): string {
  const data = { ...predicate, sha256, file };
  return form === "stream" ? JSON.stringify(data) : JSON.stringify(data, null, 2);
}

/** What is wrong in full; what is as it must be as a count. */
function summary({ predicate, file, sha256 }: KeptSelftest): string {
  const { controls, real, notRun, ok } = predicate;
  const checks = new Set(controls.map(({ checker }) => checker)).size;
  const planted = controls.filter((result) => result.ok).length;
  const wrong = [
    ...controls.map((result) => ({ ...result, name: `${result.checker}: ${result.control}` })),
    ...real.map((result) => ({ ...result, name: result.control })),
  ].filter((result) => !result.ok);
  return [
    `planted controls: ${planted} of ${controls.length} as they must be, for ${checks} checks`,
    ...realLines(real, notRun),
    ...wrong.flatMap(({ name, expected, got }) => [`NOT ${name}`, `    expected  ${expected}`, `    got       ${got}`]),
    `selftest ${sha256.slice(0, 8)}… ${ok ? "passed" : "FAILED"}: ${file}`,
  ]
    .map(shown)
    .join("\n");
}

function realLines(real: KeptSelftest["predicate"]["real"], notRun: KeptSelftest["predicate"]["notRun"]): string[] {
  const reasons = [...new Set(notRun.map(({ why }) => why))];
  if (real.length === 0 && reasons.length === 1) return [`real controls: not run (${whyNot(reasons[0]!)})`];
  return [
    `real controls: ${real.filter(({ ok }) => ok).length} of ${real.length} as they must be`,
    ...real.map(({ control, got }) => `    ${control}  ${got}`),
    ...notRun.map(({ control, why }) => `    ${control}  not run: ${whyNot(why)}`),
  ];
}
