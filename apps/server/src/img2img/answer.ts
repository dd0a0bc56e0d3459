/** The answer of img2img: its shape as a schema, which is its documentation too, and how it is put together. */
import { z } from 'zod';
import { connectionView } from './attempt-view.ts';
import { type DeliveredImage, sentAfterMs } from './delivered-image.ts';

const connection = z
  .object({
    id: z.string().describe('Unique in this process.'),
    protocol: z.string().describe('`h2` or `http/1.1`.'),
    reused: z.boolean().describe('Whether it had carried an earlier request.'),
    origin: z.string().describe('`fresh`, `prewarmed` or `reused`.'),
  })
  .nullable();

export const answerSchema = z.object({
  created: z.int().min(0).describe('Seconds since the Unix epoch.'),
  model: z.string().describe('The model that made the images, aliases resolved.'),
  data: z.array(
    z.object({
      url: z
        .string()
        .optional()
        .describe("Where Ferry keeps the image for a while; with `error`, the upstream's own link."),
      b64_json: z.string().optional(),
      mime_type: z.string().optional().describe('Absent where nobody knows it.'),
      revised_prompt: z.string().optional(),
      error: z.string().optional().describe('Why Ferry does not have the image, although it was made.'),
    }),
  ),
  uploads: z.array(
    z.object({
      filename: z.string(),
      delivery: z
        .enum(['by-file-id', 'inline'])
        .describe(
          "`by-file-id`: uploaded by itself, and named by the edit. `inline`: inside the edit's own request, whose attempts and connection are then given here.",
        ),
      file_id: z.string().nullable().describe("The upstream's; null for an image inside the edit."),
      file_uri: z.string().nullable(),
      bytes: z.int().min(0).describe('Of the image.'),
      attempts: z.int().min(0),
      connection,
      duration_ms: z
        .int()
        .min(0)
        .describe(
          'From the beginning of the upload to its result, with what its image still took to come in. For an image inside the edit: to the last byte of the request, which carries all of them.',
        ),
      upstream_ms: z
        .int()
        .min(0)
        .describe('The part of it after the image was whole here: what the upload added to the sending.'),
    }),
  ),
  attempts: z.int().min(0).describe('Attempts of the edit.'),
  duration_ms: z.int().min(0).describe('From the first byte of the request.'),
  usage: z.record(z.string(), z.unknown()).optional().describe('As the upstream counts.'),
});

export type Img2ImgAnswer = z.output<typeof answerSchema>;

export function deliveryView(delivered: DeliveredImage): Img2ImgAnswer['uploads'][number] {
  switch (delivered.delivery) {
    case 'by-file-id': {
      const { upload } = delivered;
      return {
        filename: upload.filename,
        delivery: 'by-file-id',
        file_id: upload.fileId,
        file_uri: upload.fileUri,
        bytes: upload.bytes,
        attempts: upload.attempts.length,
        connection: connectionView(upload.exchange),
        duration_ms: Math.round(upload.durationMs),
        upstream_ms: Math.round(upload.upstreamMs),
      };
    }
    case 'inline': {
      const { image, edit } = delivered;
      const sentMs = Math.round(sentAfterMs(edit));
      return {
        filename: image.filename,
        delivery: 'inline',
        file_id: null,
        file_uri: null,
        bytes: image.bytes,
        attempts: edit.attempts.length,
        connection: connectionView(edit.exchange),
        duration_ms: sentMs,
        upstream_ms: sentMs,
      };
    }
    default:
      return delivered satisfies never;
  }
}
