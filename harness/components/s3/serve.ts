import type { Served } from "../../capabilities.ts";
import { contentSha256 } from "../../workload/content.ts";
import { type Client, opOf, wordsOf } from "./client.ts";
import { contentOf, inParallel } from "./read-back.ts";

const PARALLEL = 8;

/** What an ordinary reader gets for each key now, against the hash of what was sent. */
export async function serve(client: Client, sent: ReadonlyMap<string, string>): Promise<Served> {
  const count = { right: 0, refused: 0, absent: 0, wrong: 0 };
  let detail = "";
  await inParallel([...sent], PARALLEL, async ([key, sha256]) => {
    let what: keyof typeof count;
    let said = "";
    try {
      const payload = await contentOf(client, key);
      if (payload === null) what = "absent";
      else what = contentSha256({ op: opOf(key), payload, transfer: null }) === sha256 ? "right" : "wrong";
      said = what === "wrong" ? "answered 200 with other bytes than were sent" : what;
    } catch (thrown) {
      what = "refused";
      said = wordsOf(thrown);
    }
    count[what]++;
    if (what !== "right" && detail === "") detail = `${key}: ${said}`;
  });
  return { ...count, detail };
}
