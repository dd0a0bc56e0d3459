import type { CredentialSource, ResilientClient, UploadService } from '@ferry/core';
import type { FileIdProvider, InlineProvider } from '@ferry/providers';

interface ConnectedTo {
  readonly name: string;
  /** Whether it is the simulator that comes with Ferry. */
  readonly simulated: boolean;
  readonly client: ResilientClient;
  readonly credentials: CredentialSource;
}

/** An upstream that takes images by themselves, and edits that name them. */
export interface FileIdUpstream extends ConnectedTo {
  readonly delivery: 'by-file-id';
  readonly provider: FileIdProvider;
  readonly uploads: UploadService;
}

/** An upstream whose edits hold their images: it has no uploads. */
interface InlineUpstream extends ConnectedTo {
  readonly delivery: 'inline';
  readonly provider: InlineProvider;
}

/** An upstream that can be asked: a provider's words over its own connections with its own keys. */
export type Upstream = FileIdUpstream | InlineUpstream;

/** A model as callers may name it. */
export interface ModelView {
  readonly id: string;
  readonly aliases?: readonly string[];
}
