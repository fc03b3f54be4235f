/** The entry of a table that a scenario's word names; rejects with the names that there are. */
export function named<Entry>(table: Readonly<Record<string, Entry>>, name: string, noun: string): Entry {
  // A word may be one that every object has.
  if (!Object.hasOwn(table, name)) throw new Error(`no ${noun} is called ${name}: ${Object.keys(table).join(", ")}`);
  return table[name]!;
}
