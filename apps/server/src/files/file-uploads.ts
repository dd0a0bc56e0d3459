import { Injectable } from '@nestjs/common';
import { type Identity, identityOf } from '../auth/identity.ts';
import { badRequest } from '../errors/gateway-error.ts';
import { fromProviderFailure } from '../errors/upstream-words.ts';
import { fingerprint } from '../idempotency/fingerprint.ts';
import { type ImageIntake, ImageIntakes } from '../img2img/image-intake.ts';
import type { ImageRequest } from '../img2img/image-requests.ts';
import type { FileIdRoute, UploadRoute } from '../img2img/request-uploads.ts';
import type { Upstream } from '../providers/upstream.ts';
import { expiresAfterSeconds } from '../transport/client-settings.ts';
import { type FileFields, fileForm, parseFileFields } from './file-form.ts';
import { type FileObject, fileObject } from './file-object.ts';
import { UploadedFiles } from './uploaded-files.ts';

/** A file from its request to its id: received and checked as an edit's image is, uploaded, remembered. */
@Injectable()
export class FileUploads {
  constructor(
    private readonly intakes: ImageIntakes,
    private readonly files: UploadedFiles,
  ) {}

  /** @throws GatewayError, DatabaseUnavailable and what `toGatewayError` knows. */
  async run(inside: ImageRequest): Promise<FileObject> {
    this.files.available();
    const { request, lifetime, repeatable } = inside;
    const startedAt = new Date();
    const identity = identityOf(request);
    await using intake = this.intakes.open(inside, () => undefined);
    // Before the first byte: a large image is uploaded while it comes in.
    await this.#stayWithKey(identity, intake.serving.route(undefined).upstream, intake);
    const { fields, images } = await intake.receive(fileForm);
    const asked = parseFileFields(fields);
    const [image] = images;
    if (image === undefined) {
      throw badRequest('The file is missing: send a field named file.', {
        code: 'missing_required_parameter',
        param: 'file',
      });
    }
    const route = takingFiles(intake.route(asked, images.length, 'file'));
    if (asked.model !== undefined) await this.#stayWithKey(identity, route.upstream, intake);
    intake.uploads.formIsWhole(route);
    const once = {
      fingerprint: repeatable.recognisable ? fingerprint({ ...asked }, images) : '',
      signal: lifetime.signal,
      onJoin: () => intake.uploads.keepOnly(undefined),
      onBilling: () => undefined,
    };
    return await repeatable.once(once, async () => {
      await intake.checks.passed(images);
      const [uploaded] = await this.#upload(intake, images, route);
      if (uploaded === undefined) throw new Error('an upload has ended without a result');
      const { fileId, fileUri, bytes, filename, credential } = uploaded;
      const provider = route.upstream.name;
      const { purpose } = asked;
      const file = { fileId, fileUri, bytes, filename, credential, provider, purpose };
      const times = timesOf(startedAt, asked, expiresAfterSeconds(intake.config));
      return fileObject(await this.files.add(identity, { ...file, ...times }));
    });
  }

  /** An edit can name files of one key only: a caller's next file goes where its latest one is, while that key can serve. */
  async #stayWithKey(identity: Identity, upstream: Upstream, { uploads }: ImageIntake): Promise<void> {
    const alias = await this.files.latestKey(identity, upstream.name);
    const state = upstream.credentials.list().find((key) => key.alias === alias)?.state;
    if (alias !== undefined && state === 'ready') uploads.pin(upstream, alias);
  }

  async #upload(
    intake: ImageIntake,
    images: Parameters<ImageIntake['uploads']['all']>[0],
    route: FileIdRoute,
  ): ReturnType<ImageIntake['uploads']['all']> {
    try {
      return await intake.uploads.all(images, route);
    } catch (error) {
      throw fromProviderFailure(error, route.upstream.provider) ?? error;
    }
  }
}

/** @throws GatewayError 400 for an upstream that takes images inside its edits and nowhere else. */
function takingFiles({ upstream, reuseSession }: UploadRoute): FileIdRoute {
  if (upstream.delivery === 'by-file-id') return { upstream, reuseSession };
  throw badRequest(`${upstream.name} keeps no files: send the image with each edit.`, {
    code: 'files_not_supported',
    param: 'model',
  });
}

/** Counted from before the upload began: Ferry forgets a file a little before the upstream does, never after. */
function timesOf(
  createdAt: Date,
  { expiresAfter }: FileFields,
  upstreamSeconds: number | undefined,
): { createdAt: Date; expiresAt: Date | null; upstreamExpiresAt: Date | null } {
  const after = (seconds: number | undefined): Date | null =>
    seconds === undefined ? null : new Date(createdAt.getTime() + seconds * 1_000);
  const seconds = [expiresAfter, upstreamSeconds].filter((value) => value !== undefined);
  return {
    createdAt,
    expiresAt: after(seconds.length === 0 ? undefined : Math.min(...seconds)),
    upstreamExpiresAt: after(upstreamSeconds),
  };
}
