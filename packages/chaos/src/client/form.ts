import type { RequestPlan } from '../plan/request-plan.ts';

const BOUNDARY = 'ferry-chaos-boundary-7d1f0c';

export const FORM_TYPE: string = `multipart/form-data; boundary=${BOUNDARY}`;

/** The request as the form that curl would send. */
export function formOf(plan: RequestPlan): Buffer {
  const fields: Record<string, string> = {
    prompt: plan.prompt,
    n: String(plan.n),
    response_format: plan.responseFormat,
    ...(plan.reuseSession === undefined ? {} : { reuse_session: String(plan.reuseSession) }),
  };
  const parts: Uint8Array[] = [];
  for (const [name, value] of Object.entries(fields)) {
    parts.push(
      Buffer.from(`--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
    );
  }
  for (const { filename, bytes } of plan.images) {
    parts.push(
      Buffer.from(
        `--${BOUNDARY}\r\ncontent-disposition: form-data; name="image"; filename="${filename}"\r\ncontent-type: image/png\r\n\r\n`,
      ),
      bytes,
      Buffer.from('\r\n'),
    );
  }
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}
