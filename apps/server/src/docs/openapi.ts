import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { VERSION } from '../version.ts';
import { formDescription } from './describe-img2img.ts';

const IMG2IMG = '/api/v1/admin/img2img';

/** Serves the OpenAPI 3.1 description: to people at `/docs`, to programs at `/docs-json`. */
export function serveDocs(app: INestApplication): void {
  const about = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Ferry')
    .setDescription('An image-to-image gateway whose uploads arrive.')
    .setVersion(VERSION)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The admin key, where one is configured.' })
    .build();
  const document = SwaggerModule.createDocument(app, about);
  const settings = app.get(RuntimeSettings);
  SwaggerModule.setup('docs', app, document, {
    raw: ['json'],
    jsonDocumentUrl: 'docs-json',
    // Here and not in a decorator: the limits are settings, which change.
    patchDocumentOnRequest: (_request, _response, { paths, ...rest }) => {
      const path = paths[IMG2IMG];
      if (path?.post === undefined) return { paths, ...rest };
      const schema = formDescription(settings.current.upload.max_prompt_chars);
      const requestBody = { required: true, content: { 'multipart/form-data': { schema } } };
      return { ...rest, paths: { ...paths, [IMG2IMG]: { ...path, post: { ...path.post, requestBody } } } };
    },
  });
}
