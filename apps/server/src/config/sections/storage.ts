import { integer, section } from '../keys.ts';

/** Where result images live, and how long. */
export const storageSection = section({
  image_lifetime_s: integer(60, 31_536_000, 86_400, {
    unit: 's',
    about: 'How long result images are kept.',
  }),
  sweep_interval_s: integer(1, 86_400, 600, {
    unit: 's',
    about: 'How often images past their lifetime are removed.',
  }),
});
