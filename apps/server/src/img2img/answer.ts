/** The answer of img2img: its shape as a schema, which is its documentation too, and how it is put together. */
import type { UploadResult } from '@ferry/core';
import { z } from 'zod';
import { connectionView } from './attempt-view.ts';

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
      url: z.string().optional().describe('Where Ferry keeps the image for a while.'),
      b64_json: z.string().optional(),
      mime_type: z.string(),
      revised_prompt: z.string().optional(),
    }),
  ),
  uploads: z.array(
    z.object({
      filename: z.string(),
      file_id: z.string(),
      file_uri: z.string(),
      bytes: z.int().min(0),
      attempts: z.int().min(0),
      connection,
      duration_ms: z
        .int()
        .min(0)
        .describe(
          'From the beginning of the upload to its result, with what its image still took to come in.',
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

export function uploadView(result: UploadResult): Img2ImgAnswer['uploads'][number] {
  return {
    filename: result.filename,
    file_id: result.fileId,
    file_uri: result.fileUri,
    bytes: result.bytes,
    attempts: result.attempts.length,
    connection: connectionView(result.exchange),
    duration_ms: Math.round(result.durationMs),
    upstream_ms: Math.round(result.upstreamMs),
  };
}
