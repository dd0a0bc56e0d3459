import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { BUNDLE_SIZE, makeBundle } from './bundle.ts';

test('the bundle has 145 certificates, each another, and the server can be verified with it', async () => {
  const { cert } = await generate([{ name: 'commonName', value: 'The server' }], { keyType: 'ec' });
  const bundle = await makeBundle(cert);
  const certificates = bundle
    .split(/(?<=-----END CERTIFICATE-----)\s*/)
    .filter((pem) => pem !== '')
    .map((pem) => new X509Certificate(pem).fingerprint256);
  expect(certificates).toHaveLength(BUNDLE_SIZE);
  expect(new Set(certificates).size).toBe(BUNDLE_SIZE);
  expect(certificates).toContain(new X509Certificate(cert).fingerprint256);
  expect(() => tls.createSecureContext({ ca: bundle })).not.toThrow();
});
