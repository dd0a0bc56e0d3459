import type { UploadedImage } from '@ferry/providers';

/** A file that a caller has uploaded, and what the upstream calls it. */
export interface FileRecord extends UploadedImage {
  /** Ours; what callers see. The upstream's own ids stay inside. */
  readonly id: string;
  readonly filename: string;
  readonly bytes: number;
  readonly purpose: string;
  /** Name of the upstream that has it. */
  readonly provider: string;
  /** Alias of the key it belongs to. */
  readonly credential: string;
  readonly createdAt: Date;
  /** When it is forgotten here; null for never. */
  readonly expiresAt: Date | null;
  /** When the upstream deletes it; null for never. */
  readonly upstreamExpiresAt: Date | null;
}

/** A file as an edit names it. */
export interface UploadedFile extends FileRecord {
  /** From 0, among all images of the edit. */
  readonly index: number;
}
