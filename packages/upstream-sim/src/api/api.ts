import type { Editor } from '../image/stand-in-editor.ts';
import type { Answer, ApiRequest } from './answer.ts';
import type { ApiLimits } from './api-limits.ts';

/** An upstream's API without its HTTP server. */
export interface Api {
  /** Answers every request; an error of the client's is an answer too. Rejects only when the request was cut off. */
  handle(request: ApiRequest): Promise<Answer>;
}

export interface ApiOptions {
  /** Where uploads and results are kept. */
  readonly dir: string;
  readonly editor: Editor;
  /** Keys that are accepted; undefined accepts any that is not empty. */
  readonly keys: readonly string[] | undefined;
  readonly limits: ApiLimits;
  /** Milliseconds that an upload or an edit takes beyond its work. */
  readonly latencyMs: { readonly upload: number; readonly edit: number };
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}
