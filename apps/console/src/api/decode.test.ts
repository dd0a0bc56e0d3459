import { describe, expect, it } from 'vitest';
import { decodeConsoleInfo, decodeEditEvent, decodeFailure, decodeResult } from './decode.ts';

describe("the gateway's words", () => {
  it('say what it can do', () => {
    const info = decodeConsoleInfo({
      version: '1.0.0',
      upstream: { name: 'xai', simulated: true },
      models: [{ id: 'm', aliases: ['old'] }, { id: 'n' }],
      default_model: 'm',
      limits: { max_images: 16, max_file_bytes: 5, max_prompt_chars: 7, n_max: 10 },
      upload: { reuse_session: true, transport: 'auto' },
    });
    expect(info).toEqual({
      version: '1.0.0',
      upstream: { name: 'xai', simulated: true },
      models: [
        { id: 'm', aliases: ['old'] },
        { id: 'n', aliases: [] },
      ],
      defaultModel: 'm',
      limits: { maxImages: 16, maxFileBytes: 5, maxPromptChars: 7, nMax: 10 },
      upload: { reuseSession: true, transport: 'auto' },
    });
  });

  it('tell of an upload as it moves, ends and arrives', () => {
    const connection = { id: '41', protocol: 'h2', reused: false, origin: 'prewarmed' };
    expect(
      decodeEditEvent('upload', {
        index: 1,
        type: 'bytes_sent',
        attempt: 1,
        bytes_sent: 5,
        bytes_total: null,
      }),
    ).toEqual({
      event: 'upload',
      index: 1,
      call: { type: 'bytes_sent', attempt: 1, bytesSent: 5, bytesTotal: null },
    });
    expect(decodeEditEvent('upload', { index: 1, type: 'inside_edit', bytes: 5 })).toEqual({
      event: 'inside_edit',
      index: 1,
    });
    expect(
      decodeEditEvent('upload', {
        index: 0,
        type: 'attempt_ended',
        attempt: {
          attempt: 1,
          duration_ms: 96,
          status: null,
          error: { kind: 'reset', phase: 'request', delivery: 'unknown', h2_code: 'CANCEL', message: 'x' },
          connection,
          bytes_sent: 7,
          phase_ms: { connect: 50, request: 46, surprise: 1 },
        },
      }),
    ).toMatchObject({
      call: {
        attempt: {
          durationMs: 96,
          status: null,
          error: { h2Code: 'CANCEL' },
          connection,
          phaseMs: { connect: 50, request: 46 },
        },
      },
    });
    expect(
      decodeEditEvent('upload', { index: 0, type: 'uploaded', file_id: 'f', connection, duration_ms: 9 }),
    ).toMatchObject({ call: { type: 'uploaded', fileId: 'f', connection, durationMs: 9 } });
  });

  it('may hold events of a later version, which are left aside', () => {
    expect(decodeEditEvent('partial_image', { index: 0 })).toBeUndefined();
    expect(decodeEditEvent('edit', { type: 'queued' })).toBeUndefined();
  });

  it('never break the page, however broken they are', () => {
    for (const junk of [
      undefined,
      null,
      7,
      'text',
      [],
      {},
      { data: 'x', uploads: 5, error: 'y', attempts: {} },
    ]) {
      expect(decodeResult(junk).images).toEqual([]);
      expect(decodeFailure(502, junk)).toMatchObject({ status: 502, attempts: [] });
      expect(decodeConsoleInfo(junk).models).toEqual([]);
      for (const name of ['accepted', 'image', 'result', 'failed']) {
        expect(decodeEditEvent(name, junk)?.event).toBe(name);
      }
    }
  });

  it('bring pictures as links or inside the answer', () => {
    const { images } = decodeResult({
      data: [
        { url: '/i/1', mime_type: 'image/jpeg' },
        { b64_json: 'AAAA', revised_prompt: 'warmer' },
      ],
    });
    expect(images).toEqual([
      { url: '/i/1', base64: null, mimeType: 'image/jpeg', revisedPrompt: null },
      { url: null, base64: 'AAAA', mimeType: 'image/png', revisedPrompt: 'warmer' },
    ]);
  });
});
