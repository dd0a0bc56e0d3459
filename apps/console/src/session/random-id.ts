/** 96 random bits as hex. `crypto.randomUUID` exists only on secure origins, and a gateway may be reached over plain HTTP. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
