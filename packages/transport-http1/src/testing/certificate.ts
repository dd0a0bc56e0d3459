import { generate } from 'selfsigned';

/** A self-signed certificate: its own authority, so `ca: cert` trusts it. PEM texts. */
export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

/** For `localhost`, `127.0.0.1` and `::1`, or for the one name given. */
export async function makeCertificate(name?: string): Promise<TestCertificate> {
  const altNames =
    name === undefined
      ? [
          { type: 2 as const, value: 'localhost' },
          { type: 7 as const, ip: '127.0.0.1' },
          { type: 7 as const, ip: '::1' },
        ]
      : [{ type: 2 as const, value: name }];
  const made = await generate([{ name: 'commonName', value: name ?? 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { key: made.private, cert: made.cert };
}
