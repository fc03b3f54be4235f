import { runAtPort } from "../engine/published.ts";
import { usage } from "../errors.ts";
import { type Env, isLocal, portOf, wormPlace } from "../worm.ts";

/** Exit 2 for a bucket in a store that a drill has brought up: it is under drill itself, and goes away with it. */
export async function refuseStoreOfDrill(env: Env): Promise<void> {
  const place = wormPlace(env);
  if (place === null || !isLocal(place)) return;
  const run = await runAtPort(portOf(place));
  if (run !== null)
    throw usage(
      `BLACKSTART_WORM_BUCKET is in a store of the run ${run}`,
      "evidence is kept outside of everything under drill: name a bucket in another account",
    );
}
