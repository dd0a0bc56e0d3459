import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulator, type Simulator } from '../simulator.ts';
import { type Client, editOf, h1Client, h2Client, jsonOf, type Sent, uploadOf } from '../testing/client.ts';
import { ROCKET_BYTES } from '../testing/samples.ts';

const BOUNDARY = 'ferry-test';

interface Part {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** A form with its parts in any order; bytes are files. */
function formOf(...parts: readonly Part[]): Sent {
  const chunks = parts.flatMap(({ name, content }) => {
    const file = typeof content === 'string' ? '' : '; filename="a.jpg"';
    const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n`;
    return [Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')];
  });
  return {
    method: 'POST',
    path: '/v1/images/edits',
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: Buffer.concat([...chunks, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}

const image = (name = 'image', content: Uint8Array = ROCKET_BYTES): Part => ({ name, content });
const field = (name: string, content: string): Part => ({ name, content });
const model = field('model', 'gpt-image-1');
const prompt = field('prompt', 'sepia');

let simulator: Simulator;
let client: Client;
beforeEach(async () => {
  simulator = await createSimulator({
    shape: 'openai',
    keys: ['test-key'],
    onInternalError: (error) => {
      throw error;
    },
  });
  client = h2Client(simulator);
});
afterEach(async () => {
  await client.close();
  await simulator.close();
});

const inputs = (): Promise<string[]> => readdir(join(simulator.dir, 'inputs'));

describe('an edit by multipart', () => {
  it.each([
    ['HTTP/2', h2Client],
    ['HTTP/1.1', h1Client],
  ] as const)('holds its images, before or after the fields, over %s', async (_name, connect) => {
    const other = connect(simulator);
    const seen = await other.send(formOf(image('image[]'), prompt, image('image[]'), model, field('n', '2')));
    await other.close();
    expect(seen.status).toBe(200);
    const answer = jsonOf(seen) as { data: { b64_json: string }[] };
    expect(answer).toMatchObject({ simulated: true, usage: { input_images: 2, output_images: 2 } });
    const [first] = answer.data;
    expect((await sharp(Buffer.from(first?.b64_json ?? '', 'base64')).metadata()).format).toBe('jpeg');
    const [entry] = await simulator.ledger.settled();
    const sha256 = createHash('sha256').update(ROCKET_BYTES).digest('hex');
    const input = { bytes: ROCKET_BYTES.byteLength, sha256 };
    expect(entry?.work).toEqual({ images: 2, inputs: [input, input] });
    expect(await inputs()).toEqual([]);
  });

  it('answers links or base64 as asked, where the model takes the question', async () => {
    const old = field('model', 'dall-e-2');
    const linked = jsonOf(await client.send(formOf(old, prompt, image()))) as { data: { url: string }[] };
    const path = new URL(linked.data[0]?.url ?? '').pathname;
    expect((await client.send({ path, headers: { authorization: '' } })).headers['content-type']).toBe(
      'image/jpeg',
    );
    const inline = await client.send(formOf(old, prompt, field('response_format', 'b64_json'), image()));
    expect(jsonOf(inline)).toMatchObject({ data: [{ b64_json: expect.any(String) }] });
  });
});

describe('what it refuses', () => {
  it.each<[string, string | null, string, readonly Part[]]>([
    [
      'an unknown model',
      'model',
      'invalid_argument',
      [field('model', 'grok-imagine-image'), prompt, image()],
    ],
    ['a blank prompt', 'prompt', 'invalid_argument', [model, field('prompt', ' '), image()]],
    ['n of 11', 'n', 'invalid_argument', [model, prompt, field('n', '11'), image()]],
    ['no image', 'image', 'invalid_argument', [model, prompt]],
    ['two fields named image', 'image', 'duplicate_parameter', [model, prompt, image(), image()]],
    [
      '17 images',
      'image',
      'invalid_argument',
      [model, prompt, ...Array.from({ length: 17 }, () => image('image[]'))],
    ],
    [
      'bytes that are no image',
      'image',
      'invalid_argument',
      [model, prompt, image('image', Buffer.from('no'))],
    ],
    ['a file of another name', 'file', 'invalid_argument', [model, prompt, image('file')]],
    [
      'a response format for a model that has one only',
      'response_format',
      'unknown_parameter',
      [model, prompt, field('response_format', 'b64_json'), image()],
    ],
    [
      'xAI’s words',
      'aspect_ratio',
      'unknown_parameter',
      [model, prompt, field('aspect_ratio', '1:1'), image()],
    ],
    [
      'what moderation withholds',
      null,
      'moderation_blocked',
      [model, field('prompt', 'blocked content'), image()],
    ],
  ])('%s: 400 that names %s with the code %s, and leaves no file', async (_what, param, code, parts) => {
    const seen = await client.send(formOf(...parts));
    expect(seen.status).toBe(400);
    expect(jsonOf(seen)).toMatchObject({ error: { param, code } });
    expect(await inputs()).toEqual([]);
    expect((await simulator.ledger.settled()).every(({ work }) => work === undefined)).toBe(true);
  });

  it('JSON with 415, an upload with 404, another key with 401', async () => {
    expect((await client.send(editOf({}))).status).toBe(415);
    expect((await client.send(uploadOf(ROCKET_BYTES))).status).toBe(404);
    const seen = await client.send({ path: '/v1/models', headers: { authorization: 'Bearer nobody' } });
    expect(seen.status).toBe(401);
    expect(jsonOf(seen)).toMatchObject({ error: { code: 'invalid_api_key' } });
    expect(seen.body.toString()).not.toContain('nobody');
  });

  it('a file above the limit with 413, and nothing of it stays', async () => {
    const small = await createSimulator({ shape: 'openai', limits: { maxFileBytes: 100_000 } });
    const other = h2Client(small);
    try {
      const seen = await other.send(formOf(model, prompt, image('image[]'), image('image[]')));
      expect([seen.status, jsonOf(seen)]).toMatchObject([413, { error: { code: 'file_too_large' } }]);
      expect(await readdir(join(small.dir, 'inputs'))).toEqual([]);
    } finally {
      await other.close();
      await small.close();
    }
  });
});
