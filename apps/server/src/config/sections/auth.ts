import { integer, optionalSecret, section } from '../keys.ts';

/** Who may. */
export const authSection = section({
  admin_key: optionalSecret({ about: 'The key of the admin API, sent as `Authorization: Bearer ...`.' }),
  session_h: integer(1, 720, 12, { unit: 'h', about: 'How long a browser stays signed in.' }),
  requests_per_minute: integer(0, 1_000_000, 1_200, {
    about:
      'Requests a minute of one caller: an API key without a number of its own, the admin, or an address without a key; then 429. 0 for no limit.',
  }),
});
