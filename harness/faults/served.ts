import type { Served } from "../capabilities.ts";

/** What readers got, in words. */
export const servedWords = ({ right, refused, absent, wrong, detail }: Served): string =>
  `${right} came as they were sent, ${refused} were refused, ${absent} were said not to exist, ${wrong} came wrong${detail === "" ? "" : ` (${detail})`}`;
