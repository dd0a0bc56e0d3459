/** The crawling upload. Bytes; far more than the kernel's buffers and a transport's few slices hold. */
export const CRAWL_BYTES = 64_000_000;

/** What the child of a crawl says, one line of JSON each. `held` is in bytes, after garbage collection. */
export type CrawlLine =
  | { readonly say: 'start'; readonly held: number }
  | { readonly say: 'sample'; readonly held: number }
  | { readonly say: 'end'; readonly held: number; readonly outcome: string };
