/** RFC 9110 section 8.3.1: `type/subtype` with parameters, on one line. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?:[ \t]*;[\t\x20-\x7e]*)?$/;

/** Whether `text` can stand as a media type in a header. */
export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text);
}
