/**
 * One file inside a tar (POSIX ustar): found, taken out, and put back with other content or left out. Whatever else is in the tar stays
 * byte for byte as it was.
 */
const BLOCK = 512;
const SIZE = { at: 124, length: 12 };
const CHECKSUM = { at: 148, length: 8 };

interface Member {
  readonly name: string;
  readonly headerAt: number;
  readonly size: number;
}

export const takeMember = (tar: Buffer, name: string): Buffer => {
  const { headerAt, size } = find(tar, name);
  return tar.subarray(headerAt + BLOCK, headerAt + BLOCK + size);
};

/** null leaves the file out. */
export function putMember(tar: Buffer, name: string, content: Buffer | null): Buffer {
  const { headerAt, size } = find(tar, name);
  const rest = tar.subarray(headerAt + BLOCK + padded(size));
  if (content === null) return Buffer.concat([tar.subarray(0, headerAt), rest]);
  const header = Buffer.from(tar.subarray(headerAt, headerAt + BLOCK));
  header.write(`${content.length.toString(8).padStart(SIZE.length - 1, "0")}\0`, SIZE.at, "latin1");
  header.fill(" ", CHECKSUM.at, CHECKSUM.at + CHECKSUM.length);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, CHECKSUM.at, "latin1");
  const filling = Buffer.alloc(padded(content.length) - content.length);
  return Buffer.concat([tar.subarray(0, headerAt), header, content, filling, rest]);
}

/** The file with such a name and some content in which the middle of the tar lies, or the next one, or else the last before it. */
export function middleMember(tar: Buffer, names: RegExp): string {
  const files = [...membersOf(tar)].filter(({ name, size }) => size > 0 && names.test(name));
  const one = files.find(({ headerAt, size }) => headerAt + BLOCK + size > tar.length / 2) ?? files.at(-1);
  if (!one) throw new Error(`the tar holds nothing named like ${names.source}`);
  return one.name;
}

function find(tar: Buffer, name: string): Member {
  for (const member of membersOf(tar)) if (member.name === name) return member;
  throw new Error(`the tar holds no ${name}`);
}

function* membersOf(tar: Buffer): Generator<Member> {
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const size = Number.parseInt(textAt(tar, at + SIZE.at, SIZE.length), 8);
    if (!Number.isSafeInteger(size)) throw new Error(`the tar has no size at byte ${at + SIZE.at}`);
    yield { name: textAt(tar, at, 100), headerAt: at, size };
    at += BLOCK + padded(size);
  }
}

const textAt = (tar: Buffer, at: number, length: number): string =>
  tar
    .toString("latin1", at, at + length)
    .replace(/\0.*$/s, "")
    .trim();

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;
