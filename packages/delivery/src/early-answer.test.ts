import { fromBytes, type Protocol, type Safety, UploadService } from '@ferry/core';
import { describe, expect, test } from 'vitest';
import { World } from './testing/world.ts';

/** More than the kernel's buffers of a connection hold. */
const LARGE = new Uint8Array(20_000_000);

const file = (id: string) => ({ status: 200, body: JSON.stringify({ id }) });

describe.each<Protocol>(['h2', 'http/1.1'])('%s', (protocol) => {
  test('an upload whose first part is answered 200 is no file: it goes again, and the whole one counts', async () => {
    await using world = await World.create(protocol);
    world.peer.next({ headers: (request) => request.answer(file('half')) });
    world.peer.always({ whole: (request) => request.answer(file('whole')) });
    const uploads = new UploadService({
      client: world.client,
      endpoint: {
        url: world.url,
        fields: {},
        fileField: 'file',
        parse: (answer) => ({ fileId: String(Object(answer.json()).id), fileUri: '' }),
      },
    });
    const retries: string[] = [];
    const result = await uploads.upload(
      { bytes: LARGE, filename: 'large.png', contentType: 'image/png' },
      'key',
      {
        onEvent: (event) => event.type === 'retry' && retries.push(event.reason),
      },
    );
    expect(result.fileId).toBe('whole');
    expect(result.attempts).toMatchObject([
      { delivery: 'answered', exchange: { requestComplete: false }, error: { kind: 'protocol' } },
      { delivery: 'answered', status: 200, exchange: { requestComplete: true } },
    ]);
    expect(retries).toEqual(['the upstream answered before it had the whole request']);
  });

  test.each<Safety>(['repeatable', 'billable'])(
    'any other %s request takes an early answer as its answer',
    async (safety) => {
      await using world = await World.create(protocol);
      world.peer.next({ headers: (request) => request.answer(file('early')) });
      expect(await world.send({ safety, body: fromBytes(LARGE) })).toMatchObject({ end: 'ok', attempts: 1 });
    },
  );
});
