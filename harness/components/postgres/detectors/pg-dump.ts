import { demandTool, type Detector, firstWords, needs, notRun, noticed, silent } from "../detector.ts";
import { DATABASE, USER } from "../session.ts";
import { shellOn } from "../shell.ts";

export const pgDump: Detector = {
  name: "pg_dump",
  summary: "Reads every row of the serving node once, to nowhere",
  goodFor: "pages that cannot be read, where checksums or headers are wrong; blind to rows that are gone",
  async run({ serving, version }) {
    if ((await serving.state()) !== "running") return notRun(`${serving.name} does not run`);
    const said = await shellOn(serving).attempt(
      `${needs("pg_dump", "-ge", version)}pg_dump -U ${USER} -d ${DATABASE} -f /dev/null`,
    );
    demandTool(said);
    // Its own word for damage is 1: a server that is not there, a conflict with replay and a kill say nothing of any page.
    if (said.code > 1 || /connection to server|conflict with recovery/.test(said.stderr))
      return notRun(firstWords(said.stderr) || `it ended with ${said.code}`);
    if (said.code !== 0) return noticed(`${serving.name}: ${firstWords(said.stderr)}`);
    return silent(`${serving.name}: every row of the database ${DATABASE} could be read`);
  },
};
