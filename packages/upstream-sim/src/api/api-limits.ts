/** Bounds of the API. Sizes in bytes, times in milliseconds. */
export interface ApiLimits {
  /** One file, uploaded or inside an edit. xAI takes 50 MB. */
  readonly maxFileBytes: number;
  /** An edit's JSON, data URIs included. */
  readonly maxJsonBytes: number;
  /** All uploads kept, and again all results. The least recently used go first. */
  readonly maxStoredBytes: number;
  /** How long an upload is kept when it does not say `expires_after`. */
  readonly fileAgeMs: number;
  /** How long a result's link works. */
  readonly resultAgeMs: number;
}

export const DEFAULT_LIMITS: ApiLimits = {
  maxFileBytes: 50 * 1024 * 1024,
  maxJsonBytes: 64 * 1024 * 1024,
  maxStoredBytes: 2 * 1024 ** 3,
  fileAgeMs: 3_600_000,
  resultAgeMs: 600_000,
};
