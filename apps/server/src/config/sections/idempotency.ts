import { integer, section } from '../keys.ts';

/** How long requests are remembered that may come again. */
export const idempotencySection = section({
  lifetime_s: integer(60, 2_592_000, 86_400, {
    unit: 's',
    about: 'How long the answer to an `Idempotency-Key` is kept for repeats.',
  }),
  repeat_window_s: integer(1, 86_400, 600, {
    unit: 's',
    about:
      'How long after its end a request is known again when a client repeats it by itself (`x-stainless-retry-count`).',
  }),
});
