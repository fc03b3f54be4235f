import { type Detector, notRun, noticed, silent } from "../detector.ts";
import { archiveOf } from "./archive.ts";

export const archiverCheck: Detector = {
  name: "archiver's check",
  summary: "What the archiver itself says of its archive, read from its output and not from its exit code",
  goodFor: "what its makers thought of; a tool may have none",
  ofArchive: true,
  async run(bench) {
    const { archiver, tool } = archiveOf(bench);
    if (!archiver.check) return notRun(`${tool} has no check of its own`);
    const said = await archiver.check(await bench.machine());
    return said.noticed ? noticed(`${tool}: ${said.detail}`) : silent(`${tool}: ${said.detail}`);
  },
};
