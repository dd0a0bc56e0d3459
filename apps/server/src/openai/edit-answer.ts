/** An edit's answer as OpenAI's clients read it: its shape as a schema, and how it is put together. */
import { z } from 'zod';
import { answerSchema, type Img2ImgAnswer } from '../img2img/answer.ts';

export const editAnswerSchema = z.object({
  created: z.int().min(0).describe('Seconds since the Unix epoch.'),
  data: z.array(
    z.object({
      b64_json: z.string().optional(),
      url: z
        .string()
        .optional()
        .describe("Where Ferry keeps the image for a while; with `error`, the upstream's own link."),
      revised_prompt: z.string().optional(),
      error: z.string().optional().describe('Why Ferry does not have the image, although it was made.'),
    }),
  ),
  output_format: z.string().optional().describe('The type of the images, where all have the same.'),
  usage: z.record(z.string(), z.unknown()).optional().describe('As the upstream counts.'),
  ferry: answerSchema
    .pick({ model: true, uploads: true, attempts: true, duration_ms: true })
    .describe("What OpenAI's clients do not read: how the images got there."),
});

type EditAnswer = z.output<typeof editAnswerSchema>;

export function editAnswer(answer: Img2ImgAnswer): EditAnswer {
  const { created, data, usage, model, uploads, attempts, duration_ms } = answer;
  const formats = new Set(
    data.flatMap(({ mime_type, error }) =>
      mime_type === undefined || error !== undefined ? [] : [outputFormat(mime_type)],
    ),
  );
  const [format] = formats.size === 1 ? formats : [];
  return {
    created,
    data: data.map(({ mime_type: _, ...image }) => image),
    ...(format !== undefined && { output_format: format }),
    ...(usage !== undefined && { usage }),
    ferry: { model, uploads, attempts, duration_ms },
  };
}

/** OpenAI names a format as its media type does, without `image/`. */
export const outputFormat = (mimeType: string): string => mimeType.replace(/^image\//, '');
