export const UPLOAD_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/octet-stream',
};
