import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { VERSION } from '../version.ts';
import { editBodies } from './describe-edits.ts';
import { fileBody } from './describe-files.ts';
import { img2imgBody } from './describe-img2img.ts';

/** The bodies of requests with images, by path. */
const bodies = (maxPromptChars: number): Readonly<Record<string, ReturnType<typeof editBodies>>> => ({
  '/api/v1/admin/img2img': img2imgBody(maxPromptChars),
  '/v1/images/edits': editBodies(maxPromptChars),
  '/v1/files': fileBody(),
});

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
    // Said, since a bundle has no folder in which Nest could look for it.
    customSwaggerUiPath: dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json'))),
    // Here and not in a decorator: the limits are settings, which change.
    patchDocumentOnRequest: (_request, _response, { paths, ...rest }) => {
      const described = { ...paths };
      for (const [at, content] of Object.entries(bodies(settings.current.upload.max_prompt_chars))) {
        const path = paths[at];
        if (path?.post === undefined) continue;
        described[at] = { ...path, post: { ...path.post, requestBody: { required: true, content } } };
      }
      return { ...rest, paths: described };
    },
  });
}
