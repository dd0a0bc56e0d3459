import { z } from 'zod';

/** HTTP/2 error codes by their names in RFC 9113 section 7, in the order of their numbers. */
export const H2_CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

export type H2Code = (typeof H2_CODES)[number];

/** When a fault strikes. */
export type Moment =
  /** As soon as the request's headers are there. The body is not read, nothing is done. */
  | 'before'
  /** After `afterBytes` of the request body; by default half of content-length. Nothing is done. */
  | 'middle'
  /** When the API has acted on the whole request, in place of its answer. */
  | 'after-body'
  /** After the answer's headers and `afterBytes` of its body; by default half of it. */
  | 'after-headers';

/** What goes wrong. A closed set; times are milliseconds, sizes bytes. */
export type Fault =
  /** RST_STREAM with this code. Over HTTP/1.1: the connection is destroyed instead. */
  | {
      readonly kind: 'rst';
      readonly code: H2Code;
      readonly when: Moment;
      readonly afterBytes?: number | undefined;
    }
  /**
   * GOAWAY. With `refuse`, its last-stream-id lies below this request, which is therefore not processed. Without, a
   * NO_ERROR lets the running streams finish and any other code closes the connection.
   */
  | {
      readonly kind: 'goaway';
      readonly code: H2Code;
      readonly when: 'before' | 'middle' | 'after-body';
      readonly refuse?: boolean | undefined;
      readonly afterBytes?: number | undefined;
    }
  /** The TCP connection ends, with RST or with FIN. */
  | {
      readonly kind: 'destroy';
      readonly how: 'rst' | 'fin';
      readonly when: Moment;
      readonly afterBytes?: number | undefined;
    }
  /** The connection stays open and no answer ever comes. */
  | { readonly kind: 'silence'; readonly readBody: boolean }
  /** Another answer. `early` comes without reading the body; `thenReset` ends an unfinished upload with RST NO_ERROR. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      /** Text; JSON is sent with its content type unless `headers` says otherwise. */
      readonly body?: string | undefined;
      readonly when: 'early' | 'after-body';
      readonly thenReset?: boolean | undefined;
    }
  /** The answer comes later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The body is read at this pace. */
  | { readonly kind: 'slow-read'; readonly bytesPerSecond: number }
  /** After so many bytes no more is read, so the flow-control window is never opened again. */
  | { readonly kind: 'stall'; readonly afterBytes: number };

/** Which requests a rule is for. All that are given must hold. */
export interface Match {
  readonly method?: string | undefined;
  /** Start of the path. */
  readonly path?: string | undefined;
  readonly protocol?: 'h2' | 'http/1.1' | undefined;
  /** True: not the first request of its connection. False: only the first. */
  readonly reused?: boolean | undefined;
}

/** A fault and the requests it strikes. */
export interface FaultRule {
  readonly match?: Match | undefined;
  /** Matching requests that pass first, unharmed by this rule. Default 0. */
  readonly skip?: number | undefined;
  /** Matching requests that are struck. Default 1; `forever` until the rule is removed. */
  readonly count?: number | 'forever' | undefined;
  /** Strikes the first of every so many, counted after those to skip. Default 1. */
  readonly every?: number | undefined;
  readonly fault: Fault;
}

const moment = z.enum(['before', 'middle', 'after-body', 'after-headers']);
const bytes = z
  .int()
  .min(0)
  .max(1024 ** 3);
const fault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rst'),
    code: z.enum(H2_CODES),
    when: moment,
    afterBytes: bytes.optional(),
  }),
  z.strictObject({
    kind: z.literal('goaway'),
    code: z.enum(H2_CODES),
    when: z.enum(['before', 'middle', 'after-body']),
    refuse: z.boolean().optional(),
    afterBytes: bytes.optional(),
  }),
  z.strictObject({
    kind: z.literal('destroy'),
    how: z.enum(['rst', 'fin']),
    when: moment,
    afterBytes: bytes.optional(),
  }),
  z.strictObject({ kind: z.literal('silence'), readBody: z.boolean() }),
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    headers: z.record(z.string().regex(/^[a-z0-9-]+$/, 'lower-case header names'), z.string()).optional(),
    body: z.string().optional(),
    when: z.enum(['early', 'after-body']),
    thenReset: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('delay'), ms: z.number().min(0).max(600_000) }),
  z.strictObject({ kind: z.literal('slow-read'), bytesPerSecond: z.number().positive() }),
  z.strictObject({ kind: z.literal('stall'), afterBytes: bytes }),
]);

/** Reads a rule that came from outside. */
export const faultRuleSchema: z.ZodType<FaultRule> = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional(),
      path: z.string().startsWith('/').optional(),
      protocol: z.enum(['h2', 'http/1.1']).optional(),
      reused: z.boolean().optional(),
    })
    .optional(),
  skip: z.int().min(0).optional(),
  count: z.union([z.int().min(1), z.literal('forever')]).optional(),
  every: z.int().min(1).optional(),
  fault,
});

/** The number of a code on the wire. */
export function h2CodeNumber(code: H2Code): number {
  return H2_CODES.indexOf(code);
}
