/** How the images of an edit reach the upstream: uploaded before it, or inside it. */
import { type Answer, type CredentialSource, fromSpool, type UploadResult } from '@ferry/core';
import type { EditInput, EditRequest, UploadedImage } from '@ferry/providers';
import type { UploadedFile } from '../files/uploaded-file.ts';
import type { DeliveredImage } from './delivered-image.ts';
import type { ReceivedImage } from './received-form.ts';
import type { RequestUploads, UploadRoute } from './request-uploads.ts';

/** The images of one edit, and where they go. */
export interface EditImages extends UploadRoute {
  /** Those that came with the request. */
  readonly images: readonly ReceivedImage[];
  /** Those that an earlier request uploaded to this upstream; none where it takes no uploads. */
  readonly files: readonly UploadedFile[];
  readonly uploads: RequestUploads;
}

/** An edit that is ready to be asked for. */
export interface ReadyEdit {
  readonly request: EditRequest;
  readonly credential: CredentialSource;
  /** The images that its own request carries. */
  readonly inside: readonly ReceivedImage[];
  deliveries(answer: Answer): DeliveredImage[];
}

/**
 * Brings the images as far as they go before the edit begins. Those that travel inside it stay where they are: nothing of
 * them is read before the edit's own request reads them, whole and checked as they are by now.
 * @throws InvalidEditError, and what an upload throws.
 */
export async function readyEdit(
  { upstream, reuseSession, images, files, uploads }: EditImages,
  input: Omit<EditInput, 'images'>,
): Promise<ReadyEdit> {
  switch (upstream.delivery) {
    case 'by-file-id': {
      const done = await uploads.all(images, { upstream, reuseSession });
      return {
        request: upstream.provider.editRequest({ ...input, images: inOrder(images, done, files) }),
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

/** As the caller ordered them, whether they came with the request or before it. */
function inOrder(
  images: readonly ReceivedImage[],
  uploads: readonly UploadResult[],
  files: readonly UploadedFile[],
): UploadedImage[] {
  const placed = [
    ...uploads.map((upload, i) => ({ index: images[i]?.index ?? i, image: upload })),
    ...files.map((file) => ({ index: file.index, image: file })),
  ];
  return placed.sort((a, b) => a.index - b.index).map(({ image }) => image);
}
