import { z } from 'zod';
import type { FileRecord } from './uploaded-file.ts';

/** OpenAI's file object. */
export const fileObjectSchema = z.object({
  id: z.string().describe("Ferry's own id; upstreams do not know it."),
  object: z.literal('file'),
  bytes: z.int().min(0),
  created_at: z.int().min(0).describe('Seconds since the Unix epoch.'),
  expires_at: z.int().min(0).optional().describe('When it can no longer be named. Absent: never.'),
  filename: z.string(),
  purpose: z.string(),
  status: z.literal('processed'),
});

export type FileObject = z.output<typeof fileObjectSchema>;

export const seconds = (time: Date): number => Math.floor(time.getTime() / 1_000);

export const fileObject = (file: FileRecord): FileObject => ({
  id: file.id,
  object: 'file',
  bytes: file.bytes,
  created_at: seconds(file.createdAt),
  ...(file.expiresAt !== null && { expires_at: seconds(file.expiresAt) }),
  filename: file.filename,
  purpose: file.purpose,
  status: 'processed',
});
