import type { CredentialSource, ResilientClient, UploadService } from '@ferry/core';
import type { Provider } from '@ferry/providers';

/** An upstream that can be asked: a provider's words over its own connections with its own keys. */
export interface Upstream {
  readonly name: string;
  /** Whether it is the simulator that comes with Ferry. */
  readonly simulated: boolean;
  readonly provider: Provider;
  readonly client: ResilientClient;
  readonly uploads: UploadService;
  readonly credentials: CredentialSource;
}

/** A model as callers may name it. */
export interface ModelView {
  readonly id: string;
  readonly aliases?: readonly string[];
}
