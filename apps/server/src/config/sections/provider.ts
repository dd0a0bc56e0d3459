import { z } from 'zod';
import { address, choice, integer, names, optionalText, requiredText, secrets } from '../keys.ts';

/** One upstream. */
export const providerSection = z.strictObject({
  name: requiredText({ about: 'What logs and the page call this upstream.' }),
  type: choice(['xai', 'openai'], 'xai', {
    about:
      "The upstream's wire format: xAI's, whose edits name images uploaded before, or OpenAI's, whose edits hold them.",
  }),
  base_url: address({
    about:
      'Where the API is, with a path before it if there is one; what it is asked, such as `/v1/images/edits`, is appended.',
  }),
  models: names({ about: 'Model ids it serves; the first of the first provider is the default model.' }),
  keys: secrets({ about: 'API keys. A refused or limited key rests while another is used.' }),
  concurrency: integer(1, 256, 256, {
    about:
      'Uploads and edits at once at this provider. As many as `server.max_queue` wait; one more is answered 503.',
  }),
  ca_file: optionalText({ about: 'PEM file of a certificate authority trusted for this provider only.' }),
});
