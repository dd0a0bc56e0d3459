import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ferry, startFerry } from './support/ferry.ts';
import { form, picture, post, type Reply } from './support/form.ts';
import { UPLOADS } from './support/simulator-control.ts';

const IMAGES = 3;

const edit = (ferry: Ferry, fields: Record<string, string> = {}): Promise<Reply> =>
  post(ferry.url, form({ prompt: 'x', image: Array.from({ length: IMAGES }, () => picture()), ...fields }));

/** Connections that carried the uploads since the last reset. */
async function connections(ferry: Ferry): Promise<number> {
  const uploads = await ferry.simulator.requests(UPLOADS);
  return new Set(uploads.map(({ connectionId }) => connectionId)).size;
}

describe.each(['undici', 'http1'])('over %s', (transport) => {
  const protocol = transport === 'undici' ? 'h2' : 'http/1.1';

  describe('with reuse_session = false, the default', () => {
    let ferry: Ferry;
    beforeAll(async () => {
      ferry = await startFerry({ env: { FERRY_UPLOAD__TRANSPORT: transport } });
    });
    afterAll(() => ferry[Symbol.asyncDispose]());
    beforeEach(() => ferry.simulator.reset());

    test('every upload has a connection of its own', async () => {
      const replies = [await edit(ferry), await edit(ferry)];
      expect(replies.map(({ status }) => status)).toEqual([200, 200]);
      expect(await connections(ferry)).toBe(2 * IMAGES);
      for (const { connection } of replies.flatMap(({ body }) => body.uploads ?? [])) {
        expect(connection).toMatchObject({ protocol, reused: false });
        expect(['fresh', 'prewarmed']).toContain(connection.origin);
      }
    });

    test('a request may ask for shared connections, for itself only', async () => {
      await edit(ferry, { reuse_session: 'true' });
      await ferry.simulator.reset();
      const { body } = await edit(ferry, { reuse_session: 'true' });
      expect(body.uploads?.some(({ connection }) => connection.reused)).toBe(true);
      await ferry.simulator.reset();
      await edit(ferry);
      expect(await connections(ferry)).toBe(IMAGES);
    });
  });

  describe('with reuse_session = true', () => {
    let ferry: Ferry;
    beforeAll(async () => {
      ferry = await startFerry({ toml: `[upload]\nreuse_session = true\ntransport = "${transport}"\n` });
    });
    afterAll(() => ferry[Symbol.asyncDispose]());
    beforeEach(() => ferry.simulator.reset());

    test('uploads share connections', async () => {
      for (let i = 0; i < 3; i++) expect((await edit(ferry)).status).toBe(200);
      expect(await ferry.simulator.requests(UPLOADS)).toHaveLength(3 * IMAGES);
      expect(await connections(ferry)).toBeLessThan(3 * IMAGES);
    });

    test('a request may ask for isolated connections', async () => {
      await edit(ferry);
      await ferry.simulator.reset();
      const { body } = await edit(ferry, { reuse_session: 'false' });
      expect(await connections(ferry)).toBe(IMAGES);
      expect(body.uploads?.every(({ connection }) => !connection.reused)).toBe(true);
    });
  });
});
