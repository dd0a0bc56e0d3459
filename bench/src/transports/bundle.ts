import tls from 'node:tls';
import { generate } from 'selfsigned';

/** As many as a bundle of a current Linux distribution holds. */
export const BUNDLE_SIZE = 145;

/**
 * Node's roots, the server's authority and as many authorities that nobody uses as make `BUNDLE_SIZE`, as PEM text. Those have
 * names and P-256 keys of their own, which take a millisecond each to make.
 */
export async function makeBundle(caPem: string): Promise<string> {
  const certificates = [...tls.rootCertificates, caPem];
  for (let number = certificates.length + 1; number <= BUNDLE_SIZE; number += 1) {
    const { cert } = await generate([{ name: 'commonName', value: `Unused authority ${number}` }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
    });
    certificates.push(cert);
  }
  return certificates.map((certificate) => certificate.trim()).join('\n');
}
