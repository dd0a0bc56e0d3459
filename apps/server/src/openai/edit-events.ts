/** A streamed edit as OpenAI's clients read it. */
import sharp from 'sharp';
import type { ErrorBody } from '../errors/error-body.ts';
import type { Img2ImgAnswer } from '../img2img/answer.ts';
import { editAnswer, outputFormat } from './edit-answer.ts';

/** OpenAI's `image_edit.completed`, one for each result. */
interface CompletedEvent {
  readonly type: 'image_edit.completed';
  readonly created_at: number;
  /** Absent for a result that was asked for as a link. */
  readonly b64_json?: string | undefined;
  readonly url?: string | undefined;
  /** Absent where nobody knows it. */
  readonly output_format?: string;
  /** Of the picture as it is: `640x427`. Absent for a link. */
  readonly size?: string;
  readonly background: 'opaque' | 'auto';
  readonly quality: string;
  readonly revised_prompt?: string | undefined;
  /** Why there is no image, although it was made: `url`, if there is one, is the upstream's own link. */
  readonly error?: string | undefined;
  readonly usage?: Readonly<Record<string, unknown>>;
  /** With the last one. */
  readonly ferry?: unknown;
}

export type EditEvent =
  | { readonly event: 'image_edit.completed'; readonly data: CompletedEvent }
  /** OpenAI's clients throw it as an `APIError`. */
  | { readonly event: 'error'; readonly data: ErrorBody };

/** The whole answer as events. `usage` and `ferry` count for all images, and stand with the last. */
export async function completedEvents(answer: Img2ImgAnswer, quality = 'auto'): Promise<EditEvent[]> {
  const { usage, ferry } = editAnswer(answer);
  return await Promise.all(
    answer.data.map(async ({ mime_type, ...image }, i): Promise<EditEvent> => {
      const { size, opaque } = await picture(image.b64_json);
      const data: CompletedEvent = {
        type: 'image_edit.completed',
        created_at: answer.created,
        ...image,
        ...(mime_type !== undefined && { output_format: outputFormat(mime_type) }),
        ...(size !== undefined && { size }),
        background: opaque ? 'opaque' : 'auto',
        quality,
        ...(i === answer.data.length - 1 && { ...(usage !== undefined && { usage }), ferry }),
      };
      return { event: 'image_edit.completed', data };
    }),
  );
}

/** Its header only is read. */
async function picture(base64: string | undefined): Promise<{ size?: string; opaque: boolean }> {
  if (base64 === undefined) return { opaque: false };
  const { width, height, hasAlpha } = await sharp(Buffer.from(base64, 'base64')).metadata();
  return { size: `${width}x${height}`, opaque: !hasAlpha };
}
