/** The images of an answer, in the members that xAI and OpenAI share: `b64_json` or `url`, `mime_type`, `revised_prompt`. */
import { decodeBase64, sniffImage, UploadInputError } from '@ferry/core';
import type { AnswerPart } from './answer-reader.ts';
import type { EditedImage, EditResult } from './provider.ts';

/**
 * Reads these images, and the answer's `usage`.
 * @throws RequestFailure with code `upstream_bad_answer` that names the part.
 */
export function editResult(
  answer: AnswerPart,
  images: readonly AnswerPart[],
): Pick<EditResult, 'images' | 'usage'> {
  const usage = answer.member('usage');
  return {
    images: images.map(editedImage),
    ...(usage.value === undefined ? {} : { usage: usage.object() }),
  };
}

function editedImage(item: AnswerPart): EditedImage {
  const declared = item.member('mime_type').optionalText();
  const revised = item.member('revised_prompt').optionalText();
  const revisedPrompt = revised === undefined ? {} : { revisedPrompt: revised };
  const inline = item.member('b64_json');
  // Some send the member that does not apply as null, some as an empty text.
  if (inline.value === undefined || inline.value === '') {
    return { kind: 'url', url: imageUrl(item.member('url')), mimeType: declared, ...revisedPrompt };
  }
  const bytes = imageBytes(inline);
  const type = sniffImage(bytes);
  if (type === undefined) throw inline.bad('an image');
  return { kind: 'bytes', bytes, mimeType: type.mediaType, ...revisedPrompt };
}

function imageUrl(part: AnswerPart): URL {
  const url = URL.parse(part.text());
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw part.bad('an http(s) URL');
  return url;
}

function imageBytes(part: AnswerPart): Uint8Array {
  try {
    return decodeBase64(part.text());
  } catch (error) {
    throw UploadInputError.is(error) ? part.bad('base64') : error;
  }
}
