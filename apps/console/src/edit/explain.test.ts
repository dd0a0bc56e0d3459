import { describe, expect, it } from 'vitest';
import type { Failure } from '../api/wire.ts';
import { explainFailure, failedImage } from './explain.ts';

const failure = (change: Partial<Failure>): Failure => ({
  status: 400,
  message: '',
  code: '',
  param: null,
  attempts: [],
  ...change,
});

describe('a failure in words', () => {
  it('warns before an edit that may have been done is sent again', () => {
    const words = explainFailure(failure({ status: 502, code: 'upstream_unknown_outcome' }));
    expect(words.again).toBe('risky');
    expect(words.advice).toMatch(/already have done and charged/);
  });

  it('invites another try when nothing was done', () => {
    expect(explainFailure(failure({ status: 502, code: 'upstream_transport' })).again).toBe('yes');
  });

  it('stands beside the input that the gateway names', () => {
    expect(explainFailure(failure({ param: 'prompt' })).field).toBe('prompt');
    expect(explainFailure(failure({ param: 'image[1]' })).field).toBe('images');
    expect(explainFailure(failure({ param: 'reuse_session' })).field).toBeUndefined();
  });

  it('has words for a status whose code it does not know', () => {
    expect(explainFailure(failure({ status: 413, code: 'brand_new' })).title).toBe('An image is too large');
    expect(explainFailure(failure({ status: 418 })).title).toBe('Ferry did not accept this');
    expect(explainFailure(failure({ status: 500 })).title).toBe('Something went wrong inside Ferry');
  });

  it('has words for a connection that breaks midway, although no answer came', () => {
    const words = explainFailure(failure({ status: 0, code: 'connection_lost_sending' }));
    expect(words.title).toBe('The connection to Ferry broke while sending');
    expect(words.again).toBe('yes');
  });
});

describe('the image that a failure is about', () => {
  const names = ['a.jpg', 'b.jpg'];

  it('is found by its number, by its name, or because it is the only one', () => {
    expect(failedImage(failure({ param: 'image[1]' }), names)).toBe(1);
    expect(failedImage(failure({ param: 'image', message: 'b.jpg ends in the middle' }), names)).toBe(1);
    expect(failedImage(failure({ param: 'image' }), ['only.jpg'])).toBe(0);
  });

  it('is not guessed', () => {
    expect(failedImage(failure({ param: 'image' }), names)).toBeUndefined();
    expect(failedImage(failure({ param: 'prompt', message: 'a.jpg' }), names)).toBeUndefined();
    expect(failedImage(failure({ param: 'image[9]' }), names)).toBeUndefined();
  });
});
