/** Random bytes in hexadecimal digits. Unlike crypto.randomUUID() it works on pages that came in plaintext, too. */
export function randomHex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
