/** The answer of INFO, by field. Sections and comments are left out. */
export type Info = ReadonlyMap<string, string>;

export const parseInfo = (text: string): Info =>
  new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(":");
      return colon <= 0 || line.startsWith("#") ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );

export interface Replica {
  readonly address: string;
  readonly state: string;
  readonly offset: string;
  readonly lag: string;
}

/** `slave0:ip=10.0.0.3,port=6379,state=online,offset=4711,lag=0`, one a replica that the server knows of. */
export function replicasOf(info: Info): Replica[] {
  return [...info].flatMap(([name, value]) => {
    if (!/^slave\d+$/.test(name)) return [];
    const fields = new Map(value.split(",").map((part) => part.split("=", 2) as [string, string]));
    const field = (key: string): string => fields.get(key) ?? "";
    return [{ address: field("ip"), state: field("state"), offset: field("offset"), lag: field("lag") }];
  });
}
