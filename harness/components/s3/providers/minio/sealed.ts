import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

const ROUNDS = 8_192;
const PBKDF2_AES_GCM = Buffer.of(2);
const TAG_BYTES = 16;
/** Content above this would be sealed in several pieces; the administration's documents are far smaller. */
const PIECE_BYTES = 16_384;

/**
 * A document as the server's administration takes it where it carries secrets: sealed with the caller's own secret key (madmin-go,
 * encrypt.go and its container format, of which one last piece is written). Layout: salt, how the key is made, nonce, sealed piece.
 */
export function sealed(document: string, secretKey: string): Uint8Array<ArrayBuffer> {
  const content = Buffer.from(document);
  if (content.length > PIECE_BYTES)
    throw new Error(`a document of ${content.length} bytes does not fit into one piece`);
  const salt = randomBytes(32);
  const nonce = randomBytes(8);
  const key = pbkdf2Sync(secretKey, salt, ROUNDS, 32, "sha256");
  // Piece 0 seals nothing and binds the stream together: its tag is part of what every later piece vouches for.
  const bound = sealPiece(key, nonce, 0, Buffer.alloc(0), Buffer.alloc(0));
  const last = sealPiece(key, nonce, 1, Buffer.concat([Buffer.of(0x80), bound]), content);
  return Uint8Array.from(Buffer.concat([salt, PBKDF2_AES_GCM, nonce, last]));
}

function sealPiece(key: Buffer, nonce: Buffer, number: number, vouched: Buffer, content: Buffer): Buffer {
  const counter = Buffer.alloc(4);
  counter.writeUInt32LE(number);
  const cipher = createCipheriv("aes-256-gcm", key, Buffer.concat([nonce, counter]), { authTagLength: TAG_BYTES });
  cipher.setAAD(vouched);
  return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}
