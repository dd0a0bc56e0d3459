/** How the images of an edit reach the upstream: uploaded before it, or inside it. */
import { type Answer, type CredentialSource, fromSpool, type Phase, type UploadResult } from '@ferry/core';
import type { EditInput, EditRequest } from '@ferry/providers';
import type { ReceivedImage } from './received-form.ts';
import type { RequestUploads, UploadRoute } from './request-uploads.ts';

/** What became of one image. */
export type ImageDelivery =
  /** It was uploaded by itself, and the edit named its id. */
  | { readonly delivery: 'by-file-id'; readonly upload: UploadResult }
  /** It travelled inside the edit: what became of the edit became of it. */
  | { readonly delivery: 'inline'; readonly image: ReceivedImage; readonly edit: Answer };

/** The images of one edit, and where they go. */
export interface EditImages extends UploadRoute {
  readonly images: readonly ReceivedImage[];
  readonly uploads: RequestUploads;
}

/** An edit that is ready to be asked for. */
export interface ReadyEdit {
  readonly request: EditRequest;
  readonly credential: CredentialSource;
  /** The images that its own request carries. */
  readonly inside: readonly ReceivedImage[];
  deliveries(answer: Answer): ImageDelivery[];
}

/**
 * Brings the images as far as they go before the edit begins. Those that travel inside it stay where they are: nothing of
 * them is read before the edit's own request reads them, whole and checked as they are by now.
 * @throws InvalidEditError, and what an upload throws.
 */
export async function readyEdit(
  { upstream, reuseSession, images, uploads }: EditImages,
  input: Omit<EditInput, 'images'>,
): Promise<ReadyEdit> {
  switch (upstream.delivery) {
    case 'by-file-id': {
      const done = await uploads.all(images, { upstream, reuseSession });
      return {
        request: upstream.provider.editRequest({ ...input, images: done }),
        // The files are this key's, and no other can name them.
        credential: uploads.credential(upstream).fixed(),
        inside: [],
        deliveries: () => done.map((upload) => ({ delivery: 'by-file-id', upload })),
      };
    }
    case 'inline':
      return {
        request: upstream.provider.editRequest({
          ...input,
          images: images.map(({ filename, type, spool }) => ({
            filename,
            contentType: type.mediaType,
            body: fromSpool(spool),
          })),
        }),
        credential: upstream.credentials,
        inside: images,
        deliveries: (answer) => images.map((image) => ({ delivery: 'inline', image, edit: answer })),
      };
    default:
      return upstream satisfies never;
  }
}

const SENDING: readonly Phase[] = ['acquire', 'connect', 'request'];

/**
 * Milliseconds from the beginning of an edit to the last byte of its request, attempts that failed and waits included. The
 * upstream confirms the images by nothing but its answer, which is the edit itself.
 */
export function sentAfterMs({ attempts }: Answer): number {
  return attempts.reduce((sum, { delayMs, durationMs, exchange }, index) => {
    const took =
      index < attempts.length - 1
        ? durationMs
        : SENDING.reduce((ms, phase) => ms + (exchange.phaseMs[phase] ?? 0), 0);
    return sum + delayMs + took;
  }, 0);
}
