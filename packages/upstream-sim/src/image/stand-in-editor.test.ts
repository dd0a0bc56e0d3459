import sharp from 'sharp';
import { expect, it } from 'vitest';
import { StandInEditor } from './stand-in-editor.ts';

const input = { sources: ['/there/is/no/such/picture'], prompt: 'sepia', n: 2 };

it('answers with as many pictures as were asked for, opens no source, and says that it edits nothing', async () => {
  const { images, description } = await new StandInEditor().edit(input, new AbortController().signal);
  expect(images).toHaveLength(2);
  expect(description).toBe('no edit: image work is switched off');
  expect(await sharp(images[0]?.bytes).metadata()).toMatchObject({ format: 'jpeg', width: 64 });
});

it('an edit whose client has gone is not made', async () => {
  const gone = AbortSignal.abort(new Error('the client left'));
  await expect(new StandInEditor().edit(input, gone)).rejects.toThrow('the client left');
});
