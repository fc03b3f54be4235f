/** Keys of the ledger are an operation's id behind this; every other key is none of the ledger's. */
const LEDGER = "op:";
export const PROBE_KEY = "blackstart:probe";
export const FILLER = "blackstart:filler:";
export const LEDGER_PATTERN = `${LEDGER}*`;

export const keyOf = (op: string): string => `${LEDGER}${op}`;
/** The operation that a key belongs to; null when it is no key of the ledger. */
export const opOf = (key: string): string | null => (key.startsWith(LEDGER) ? key.slice(LEDGER.length) : null);
