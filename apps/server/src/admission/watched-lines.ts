import { Injectable } from '@nestjs/common';
import { Editing } from '../img2img/editing.ts';
import { UploadSlots } from '../img2img/upload-slots.ts';
import { LiveQueues } from '../telemetry/live-queues.ts';
import { Admission } from './admission.ts';
import { ProviderPlaces } from './provider-places.ts';

/** Lets people and metrics look at everything that is waited for. */
@Injectable()
export class WatchedLines {
  constructor(
    queues: LiveQueues,
    admission: Admission,
    providers: ProviderPlaces,
    uploads: UploadSlots,
    editing: Editing,
  ) {
    queues.watch('requests', () => admission.state);
    queues.watch('uploads', () => uploads.state);
    queues.watch('edits', () => editing.state);
    for (const [provider, look] of providers.states()) queues.watch(`provider:${provider}`, look);
  }
}
