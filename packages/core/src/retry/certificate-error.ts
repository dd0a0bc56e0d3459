import { errorChain, textOf } from './error-chain.ts';

/** The codes of Node's documentation, "X509 certificate error codes" in `tls`, and those of `tls.checkServerIdentity`. */
const CERTIFICATE_CODE =
  /^(?:ERR_TLS_CERT_|CERT_|CRL_|ERROR_IN_CERT_|ERROR_IN_CRL_|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$)/;

/** Whether the peer's certificate was refused. It will be refused again, and must never be worked around. */
export function isCertificateError(error: unknown): boolean {
  for (const link of errorChain(error)) {
    const code = textOf(link, 'code');
    if (code !== undefined && CERTIFICATE_CODE.test(code)) return true;
  }
  return false;
}
