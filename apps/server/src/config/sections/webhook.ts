import { optionalSecret, optionalSecretAddress, section } from '../keys.ts';

/** Who is told when an alert fires and resolves. Read at the start only. */
export const webhookSection = section({
  url: optionalSecretAddress({
    about: 'Where alerts are posted to. Absent: nowhere. Some such addresses are secrets: use a reference.',
  }),
  secret: optionalSecret({ about: 'What posts are signed with (HMAC-SHA256, `x-ferry-signature`).' }),
});
