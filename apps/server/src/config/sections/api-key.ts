import { z } from 'zod';
import { optionalInteger, requiredText, secret } from '../keys.ts';

/** One key of a client, kept by the operator. Further ones can be made and revoked while Ferry runs. */
export const apiKeySection = z.strictObject({
  name: requiredText({ about: 'What logs, metrics and the page call the client.' }),
  key: secret({ about: 'The key, sent as `Authorization: Bearer ...`. It opens `/v1`, not the admin API.' }),
  requests_per_minute: optionalInteger(1, 1_000_000, {
    about: 'Requests a minute; then 429. Absent: `auth.requests_per_minute`.',
  }),
  concurrency: optionalInteger(1, 10_000, {
    about: 'Requests at once; then 429. Absent: no limit of its own.',
  }),
});
