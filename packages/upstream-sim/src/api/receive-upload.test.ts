import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { receiveUpload } from './receive-upload.ts';

it('a body that broke off before anybody listened is refused, and not waited for', async () => {
  const body = new PassThrough();
  body.on('error', () => undefined).destroy(new Error('gone'));
  await new Promise((resolve) => body.once('close', resolve));
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  await expect(receiveUpload(body, headers, '/nowhere/file', 1_000)).rejects.toThrow('gone');
}, 5_000);
