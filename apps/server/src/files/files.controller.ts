import { Controller, Delete, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { identityOf } from '../auth/identity.ts';
import { DescribeDeletion, DescribeFile, DescribeFiles, DescribeUpload } from '../docs/describe-files.ts';
import { badRequest } from '../errors/gateway-error.ts';
import { REPLAYED } from '../idempotency/outcome.ts';
import { ImageRequests } from '../img2img/image-requests.ts';
import { type FileObject, fileObject, seconds } from './file-object.ts';
import { FileUploads } from './file-uploads.ts';
import { UploadedFiles } from './uploaded-files.ts';

const pageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
  order: z.enum(['asc', 'desc']).default('desc'),
  after: z.string().max(200).optional(),
  purpose: z.string().max(200).optional(),
});

interface FileList {
  readonly object: 'list';
  readonly data: readonly FileObject[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

interface FileDeleted {
  readonly id: string;
  readonly object: 'file';
  readonly deleted: true;
  /** What OpenAI's clients do not read. */
  readonly ferry: { readonly upstream_deletes_at: number | null; readonly note: string };
}

/** Images that are uploaded once and named in several edits. */
@ApiTags('openai')
@Controller('v1/files')
export class FilesController {
  constructor(
    private readonly requests: ImageRequests,
    private readonly uploads: FileUploads,
    private readonly files: UploadedFiles,
  ) {}

  @Post()
  @DescribeUpload()
  async upload(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.requests.serve(request, reply, 'files', async (inside) => {
      const file = await this.uploads.run(inside);
      if (inside.repeatable.replayed) void reply.headers(REPLAYED);
      void reply.code(200).send(file);
    });
  }

  @Get()
  @DescribeFiles()
  async list(@Req() request: FastifyRequest, @Query() query: unknown): Promise<FileList> {
    const page = pageSchema.safeParse(query);
    if (!page.success) {
      const param = String(page.error.issues[0]?.path[0] ?? 'limit');
      throw badRequest(`${param} cannot be that.`, { code: 'invalid_value', param });
    }
    const found = await this.files.list(identityOf(request), page.data);
    const data = found.slice(0, page.data.limit).map(fileObject);
    return {
      object: 'list',
      data,
      first_id: data.at(0)?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: found.length > page.data.limit,
    };
  }

  @Get(':id')
  @DescribeFile()
  async one(@Req() request: FastifyRequest, @Param('id') id: string): Promise<FileObject> {
    return fileObject(await this.files.get(identityOf(request), id));
  }

  @Delete(':id')
  @DescribeDeletion()
  async forget(@Req() request: FastifyRequest, @Param('id') id: string): Promise<FileDeleted> {
    const { upstreamExpiresAt } = await this.files.forget(identityOf(request), id);
    const upstream_deletes_at = upstreamExpiresAt === null ? null : seconds(upstreamExpiresAt);
    const note =
      upstream_deletes_at === null
        ? 'Ferry has forgotten the file. The upstream keeps it.'
        : 'Ferry has forgotten the file. The upstream keeps it until upstream_deletes_at.';
    return { id, object: 'file', deleted: true, ferry: { upstream_deletes_at, note } };
  }
}
