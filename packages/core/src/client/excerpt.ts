/** What is kept of an upstream's error body. Bytes. */
const MAX_EXCERPT_BYTES = 2 * 1024;

/** The start of a body as text: at most 2 KiB of UTF-8, no half character, no control characters. */
export function excerptOf(bytes: Uint8Array): string {
  const decoder = new TextDecoder();
  // As a stream, so that a character that the cut went through is left out instead of replaced.
  const text = decoder.decode(bytes.subarray(0, MAX_EXCERPT_BYTES), { stream: true });
  return text.replace(/[^\P{Cc}\t\n\r]/gu, ' ').trim();
}
