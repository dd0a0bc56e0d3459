import { generate } from 'selfsigned';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

let shared: Promise<Certificate> | undefined;

/** A certificate for `localhost` and the loopback addresses, made once a process and trusted by naming it as `ca`. */
export function certificate(): Promise<Certificate> {
  shared ??= makeCertificate('localhost');
  return shared;
}

/** A certificate for one host name (and, for `localhost`, the loopback addresses). */
export async function makeCertificate(host: string): Promise<Certificate> {
  const altNames =
    host === 'localhost'
      ? [
          { type: 2 as const, value: 'localhost' },
          { type: 7 as const, ip: '127.0.0.1' },
          { type: 7 as const, ip: '::1' },
        ]
      : [{ type: 2 as const, value: host }];
  const made = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { key: made.private, cert: made.cert };
}
