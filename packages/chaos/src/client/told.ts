import { createHash } from 'node:crypto';
import { z } from 'zod';

/** An upload as the gateway tells of it. */
interface ToldUpload {
  readonly fileId: string;
  readonly bytes: number;
}

/** What a client was told, or did. A closed set. */
export type Told =
  | {
      readonly type: 'edited';
      readonly uploads: readonly ToldUpload[];
      readonly images: number;
      /** The result is that of an earlier request under the same key: the answer says so. */
      readonly replayed: boolean;
      /** SHA-256 of the answer's body, hexadecimal: equal for equal results. */
      readonly digest: string;
    }
  | {
      readonly type: 'refused';
      readonly status: number;
      readonly code: string;
      readonly message: string;
      /** The answer said that the request must not be sent again: it may have been done and paid for. */
      readonly mayHaveActed: boolean;
    }
  /** It went away by itself, as planned. */
  | { readonly type: 'left' }
  /** The gateway broke off: never allowed. */
  | { readonly type: 'broken'; readonly why: string }
  /** No answer long after the deadline: never allowed. */
  | { readonly type: 'hung' };

const edited = z.object({
  data: z.array(z.object({ url: z.string().optional(), b64_json: z.string().optional() })),
  uploads: z.array(z.object({ file_id: z.string(), bytes: z.int() })),
});
const refused = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Reads an answer of the gateway. Whatever is not as documented is `broken`. Pure. */
export function readAnswer(status: number, headers: Readonly<Record<string, unknown>>, text: string): Told {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { type: 'broken', why: `${status} with a body that is not JSON` };
  }
  if (status === 200) {
    const answer = edited.safeParse(body);
    if (!answer.success) return { type: 'broken', why: '200 with a body of another shape' };
    const { data, uploads } = answer.data;
    const images = data.filter(({ url, b64_json }) => (url ?? b64_json ?? '') !== '').length;
    return {
      type: 'edited',
      images,
      replayed: headers['idempotent-replayed'] === 'true',
      digest: createHash('sha256').update(text).digest('hex'),
      uploads: uploads.map(({ file_id, bytes }) => ({ fileId: file_id, bytes })),
    };
  }
  const error = refused.safeParse(body);
  if (!error.success) return { type: 'broken', why: `${status} without an error of the documented shape` };
  const mayHaveActed = headers['x-should-retry'] === 'false';
  return { type: 'refused', status, ...error.data.error, mayHaveActed };
}
