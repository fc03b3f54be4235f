import { grouped } from "../../../text.ts";
import { type Detector, missingWords, noticed, silent } from "../detector.ts";
import { missingNames } from "../wal-names.ts";
import { archiveOf, beginningOf } from "./archive.ts";

export const nameGap: Detector = {
  name: "name gap",
  summary: "Lists the archive and looks for names that are missing from a timeline, and for its history file",
  goodFor: "missing segments, at no cost; blind to what is in them, and to a tail that never came",
  ofArchive: true,
  async run(bench) {
    archiveOf(bench);
    const [names, backup] = await Promise.all([bench.names(), bench.backup()]);
    const missing = missingNames(names, backup && beginningOf(backup), bench.segmentBytes);
    if (missing.length === 0)
      return silent(`${grouped(names.length)} names, none missing between the first and the last`);
    return noticed(missingWords(missing));
  },
};
