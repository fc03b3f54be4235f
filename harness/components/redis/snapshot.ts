/**
 * Reads the keys out of a snapshot (RDB, versions 9 to 12), for a list of what a store has that does not come from its keyspace
 * scan. Only strings are known, for nothing else is written by a drill; anything else is an error and no silent gap.
 * Format: the comments of Redis' rdb.h; compression: LZF.
 */
export function snapshotKeys(bytes: Buffer): string[] {
  const reader = new Reader(bytes);
  if (!/^REDIS\d{4}$/.test(reader.take(9).toString("latin1"))) throw new Error("this is no snapshot");
  const keys: string[] = [];
  for (;;) {
    const code = reader.byte();
    if (code === OPCODE.end) return keys;
    const skip = SKIPPED.get(code);
    if (skip) skip(reader);
    else if (code === STRING) {
      keys.push(reader.string().toString("utf8"));
      reader.string();
    } else
      throw new Error(`the snapshot holds something of type ${code} at byte ${reader.at - 1}, which no drill writes`);
  }
}

const STRING = 0;
const OPCODE = {
  slots: 0xf4,
  functions: 0xf5,
  idle: 0xf8,
  frequency: 0xf9,
  aux: 0xfa,
  sizes: 0xfb,
  expiryMs: 0xfc,
  expirySeconds: 0xfd,
  database: 0xfe,
  end: 0xff,
} as const;

/** What stands between the keys, and how much of it there is. */
const SKIPPED = new Map<number, (reader: Reader) => unknown>([
  [OPCODE.slots, (r: Reader) => [r.length(), r.length(), r.length()]],
  [OPCODE.functions, (r: Reader) => r.string()],
  [OPCODE.idle, (r: Reader) => r.length()],
  [OPCODE.frequency, (r: Reader) => r.byte()],
  [OPCODE.aux, (r: Reader) => [r.string(), r.string()]],
  [OPCODE.sizes, (r: Reader) => [r.length(), r.length()]],
  [OPCODE.expiryMs, (r: Reader) => r.take(8)],
  [OPCODE.expirySeconds, (r: Reader) => r.take(4)],
  [OPCODE.database, (r: Reader) => r.length()],
]);

class Reader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(count: number): Buffer {
    const end = this.at + count;
    if (end > this.#bytes.length)
      throw new Error(`the snapshot ends at byte ${this.#bytes.length}, in the middle of a key`);
    const taken = this.#bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  length(): number {
    const { value, encoded } = this.#length();
    if (encoded) throw new Error(`a length was expected at byte ${this.at}`);
    return value;
  }

  /** Raw, a small integer in its binary form, or compressed. */
  string(): Buffer {
    const { value, encoded } = this.#length();
    if (!encoded) return this.take(value);
    if (value === 0) return Buffer.from(String(this.take(1).readInt8()));
    if (value === 1) return Buffer.from(String(this.take(2).readInt16LE()));
    if (value === 2) return Buffer.from(String(this.take(4).readInt32LE()));
    if (value !== 3) throw new Error(`a string of an unknown encoding, ${value}, at byte ${this.at}`);
    const [packed, size] = [this.length(), this.length()];
    return decompress(this.take(packed), size);
  }

  #length(): { value: number; encoded: boolean } {
    const first = this.byte();
    const kind = first >> 6;
    if (kind === 3) return { value: first & 0x3f, encoded: true };
    if (kind === 0) return { value: first, encoded: false };
    if (kind === 1) return { value: ((first & 0x3f) << 8) | this.byte(), encoded: false };
    if (first === 0x80) return { value: this.take(4).readUInt32BE(), encoded: false };
    return { value: Number(this.take(8).readBigUInt64BE()), encoded: false };
  }
}

/** LZF: runs of literals, and copies of what was written before. */
function decompress(packed: Buffer, size: number): Buffer {
  const out = Buffer.alloc(size);
  let [from, to] = [0, 0];
  while (from < packed.length) {
    const control = packed[from++]!;
    if (control < 32) {
      packed.copy(out, to, from, from + control + 1);
      from += control + 1;
      to += control + 1;
      continue;
    }
    let length = control >> 5;
    if (length === 7) length += packed[from++]!;
    let source = to - ((control & 0x1f) << 8) - packed[from++]! - 1;
    for (const end = to + length + 2; to < end;) out[to++] = out[source++]!;
  }
  if (to !== size) throw new Error(`a compressed string came to ${to} bytes, not ${size}`);
  return out;
}
