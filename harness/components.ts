import type { ComponentKind } from "./component.ts";
import { postgres } from "./components/postgres/kind.ts";
import { redis } from "./components/redis/kind.ts";
import { s3 } from "./components/s3/kind.ts";

/** Every kind of component that a scenario may name. A new one is one folder and one line here. */
export const componentKinds: readonly ComponentKind[] = [postgres, redis, s3];

export const componentKind = (kind: string): ComponentKind | undefined => componentKinds.find((k) => k.kind === kind);
