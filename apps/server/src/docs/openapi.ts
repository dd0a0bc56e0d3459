import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { Config } from '../config/schema.ts';
import { VERSION } from '../version.ts';
import { formDescription } from './describe-img2img.ts';

/** Serves the OpenAPI 3.1 description: to people at `/docs`, to programs at `/docs-json`. */
export function serveDocs(app: INestApplication, { upload }: Config): void {
  const about = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Ferry')
    .setDescription('An image-to-image gateway whose uploads arrive.')
    .setVersion(VERSION)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The admin key, where one is configured.' })
    .build();
  const document = SwaggerModule.createDocument(app, about);
  const post = document.paths['/api/v1/admin/img2img']?.post;
  if (post !== undefined) {
    // Here and not in a decorator: the limits are configuration.
    const schema = formDescription(upload.max_prompt_chars);
    post.requestBody = { required: true, content: { 'multipart/form-data': { schema } } };
  }
  SwaggerModule.setup('docs', app, document, { raw: ['json'], jsonDocumentUrl: 'docs-json' });
}
