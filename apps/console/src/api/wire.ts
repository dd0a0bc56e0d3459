/** What the gateway says to this page. Times are milliseconds, sizes are bytes. */

export interface ConsoleInfo {
  readonly version: string;
  readonly upstream: { readonly name: string; readonly simulated: boolean };
  readonly models: readonly { readonly id: string; readonly aliases: readonly string[] }[];
  readonly defaultModel: string;
  readonly limits: Limits;
  readonly upload: { readonly reuseSession: boolean; readonly transport: string };
}

export interface Limits {
  readonly maxImages: number;
  readonly maxFileBytes: number;
  readonly maxPromptChars: number;
  readonly nMax: number;
}

export interface ConnectionView {
  readonly id: string;
  /** `h2` or `http/1.1`. */
  readonly protocol: string;
  readonly reused: boolean;
  /** `fresh`, `prewarmed` or `reused`. */
  readonly origin: string;
}

export interface AttemptErrorView {
  readonly kind: string;
  readonly phase: string;
  readonly delivery: string;
  readonly h2Code: string | null;
  readonly message: string;
}

export const PHASES = ['acquire', 'connect', 'request', 'headers', 'body'] as const;
export type Phase = (typeof PHASES)[number];

export interface AttemptView {
  /** From 1. */
  readonly attempt: number;
  readonly durationMs: number;
  readonly status: number | null;
  readonly error: AttemptErrorView | null;
  readonly connection: ConnectionView | null;
  readonly bytesSent: number;
  readonly phaseMs: Readonly<Partial<Record<Phase, number>>>;
}

/** What happens to one logical request between Ferry and the upstream. */
export type CallEvent =
  | { readonly type: 'attempt_started'; readonly attempt: number }
  | {
      readonly type: 'bytes_sent';
      readonly attempt: number;
      readonly bytesSent: number;
      readonly bytesTotal: number | null;
    }
  | {
      readonly type: 'retry';
      /** From 1: the first retry follows the first attempt. */
      readonly retry: number;
      readonly maxRetries: number;
      readonly status: number | null;
      readonly waitMs: number;
      readonly reason: string;
    }
  | { readonly type: 'attempt_ended'; readonly attempt: AttemptView }
  /** All keys of the upstream are resting: the request waits for the first one. */
  | { readonly type: 'credential_wait'; readonly waitMs: number }
  | {
      readonly type: 'uploaded';
      readonly fileId: string;
      readonly bytes: number;
      readonly connection: ConnectionView | null;
      readonly durationMs: number;
    };

export interface ResultImage {
  /** One of `url` and `base64` is there, or neither: a result that the gateway could not get. */
  readonly url: string | null;
  readonly base64: string | null;
  readonly mimeType: string;
  readonly revisedPrompt: string | null;
}

export interface UploadView {
  readonly filename: string;
  readonly fileId: string;
  readonly bytes: number;
  readonly connection: ConnectionView | null;
  readonly durationMs: number;
}

export interface EditResult {
  readonly model: string;
  readonly images: readonly ResultImage[];
  readonly uploads: readonly UploadView[];
  readonly durationMs: number;
}

export interface Failure {
  /** 0 when no answer came. */
  readonly status: number;
  readonly message: string;
  readonly code: string;
  readonly param: string | null;
  readonly attempts: readonly AttemptView[];
}

/** The server-sent events of one edit, in the order in which they may come. */
export type EditEvent =
  | { readonly event: 'accepted'; readonly requestId: string }
  | { readonly event: 'image'; readonly index: number; readonly bytes: number }
  | { readonly event: 'upload'; readonly index: number; readonly call: CallEvent }
  /** This image is not uploaded by itself: the edit's own request, which begins now, carries it. */
  | { readonly event: 'inside_edit'; readonly index: number }
  | { readonly event: 'edit'; readonly call: CallEvent }
  | { readonly event: 'result'; readonly result: EditResult }
  | { readonly event: 'failed'; readonly failure: Failure };
