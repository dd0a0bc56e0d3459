import { optionalSecret, section } from '../keys.ts';

/** Who may. */
export const authSection = section({
  admin_key: optionalSecret({ about: 'The key of the admin API, sent as `Authorization: Bearer ...`.' }),
});
