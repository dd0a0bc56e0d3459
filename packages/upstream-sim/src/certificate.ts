import { generate } from 'selfsigned';
import { z } from 'zod';

/** A server certificate for the loopback names, and the authority that signed it. PEM texts. */
export interface LoopbackCertificate {
  readonly keyPem: string;
  readonly certPem: string;
  /** What a client must trust, and nothing else: the authority's key is thrown away after this one signature. */
  readonly caPem: string;
}

/** A certificate that was kept in a file. */
export const certificateSchema: z.ZodType<LoopbackCertificate> = z.strictObject({
  keyPem: z.string().min(1),
  certPem: z.string().min(1),
  caPem: z.string().min(1),
});

const DAY_MS = 86_400_000;

/**
 * Makes an authority and one certificate for localhost, 127.0.0.1 and ::1. Nothing touches the disk, so no key outlives the
 * process. P-256 because an RSA key takes a hundred times longer to make.
 */
export async function createLoopbackCertificate(nowMs: number = Date.now()): Promise<LoopbackCertificate> {
  // A day of slack backwards: a client whose clock lags must not see a certificate from its future.
  const validity = { notBeforeDate: new Date(nowMs - DAY_MS), notAfterDate: new Date(nowMs + 30 * DAY_MS) };
  const authority = await generate([{ name: 'commonName', value: 'Ferry upstream simulator CA' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...validity,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { keyPem: leaf.private, certPem: leaf.cert, caPem: authority.cert };
}
