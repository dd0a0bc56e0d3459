/** Finds the one file in a multipart body that `UploadService` wrote: an opening, the file, a closing delimiter. */
export function filePart(body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const opened = bytes.indexOf('\r\n\r\n');
  const closed = bytes.lastIndexOf('\r\n--', bytes.byteLength - 5);
  return opened < 0 || closed < opened + 4 ? new Uint8Array() : bytes.subarray(opened + 4, closed);
}
