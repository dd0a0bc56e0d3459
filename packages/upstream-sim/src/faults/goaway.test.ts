import { once } from 'node:events';
import { connect } from 'node:http2';
import { expect, it } from 'vitest';
import { createSimulator } from '../simulator.ts';

it('GOAWAY never declares a stream unprocessed that was begun: what was done there must not look safe to send again', async () => {
  const upstream = await createSimulator();
  try {
    upstream.faults.add({
      match: { path: '/v1/files' },
      fault: { kind: 'goaway', code: 'INTERNAL_ERROR', when: 'middle', afterBytes: 10 },
    });
    const session = connect(upstream.url, { ca: upstream.caPem });
    session.on('error', () => undefined);
    const away = once(session, 'goaway');
    const upload = session.request({ ':method': 'POST', ':path': '/v1/files', authorization: 'Bearer k' });
    upload.on('error', () => undefined);
    const models = session.request({ ':path': '/v1/models', authorization: 'Bearer k' });
    models.on('error', () => undefined).resume();
    const [headers] = await once(models, 'response');
    expect(headers[':status']).toBe(200);
    upload.write(Buffer.alloc(20));
    const [, lastStreamId] = await away;
    expect(lastStreamId).toBe(models.id);
    session.destroy();
  } finally {
    await upstream.close();
  }
});
