import { Controller, Get, Param, Res, StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { badRequest } from '../errors/gateway-error.ts';
import { ImageStore } from './image-store.ts';

@ApiExcludeController()
@Controller('images')
export class ImagesController {
  constructor(private readonly store: ImageStore) {}

  @Get(':name')
  async image(
    @Param('name') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const image = await this.store.find(name);
    if (image === undefined) {
      throw badRequest('There is no such image, or its time is over.', { status: 404, code: 'not_found' });
    }
    // A name never gets other content; a cache must not outlive the image.
    reply.header('cache-control', `private, immutable, max-age=${Math.floor(image.remainingMs / 1_000)}`);
    return new StreamableFile(image.read(), { type: image.mediaType, length: image.bytes });
  }
}
