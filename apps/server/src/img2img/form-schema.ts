/** The text fields of an img2img request. The one source of their validation, their types and their documentation. */
import { z } from 'zod';
import { badRequest } from '../errors/gateway-error.ts';

export const N_MAX = 10;

const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');

export const formSchema = (maxPromptChars: number) =>
  z.strictObject({
    prompt: z
      .string()
      .max(maxPromptChars)
      .refine((text) => text.trim() !== '')
      .describe('What to make of the images.'),
    model: z.string().min(1).max(200).optional().describe('A model or an alias. Default: the default model.'),
    n: z
      .string()
      .regex(/^0*([1-9]|10)$/)
      .transform(Number)
      .default(1)
      .describe(`How many results, 1 to ${N_MAX}.`),
    reuse_session: flag
      .optional()
      .describe(
        'Whether this request may use shared connections. Default: the configured `upload.reuse_session`.',
      ),
    response_format: z
      .enum(['url', 'b64_json'])
      .default('url')
      .describe('Results as links to Ferry or as base64 in the answer.'),
  });

function build(maxPromptChars: number) {
  const whole = formSchema(maxPromptChars);
  return { maxPromptChars, whole, partial: whole.partial() };
}

let latest: ReturnType<typeof build> | undefined;

/** Building a schema compiles code, some milliseconds for what each request asks several times: it is kept while the limit stays. */
function schemas(maxPromptChars: number): ReturnType<typeof build> {
  if (latest?.maxPromptChars !== maxPromptChars) latest = build(maxPromptChars);
  return latest;
}

export type Img2ImgFields = z.output<ReturnType<typeof formSchema>>;

/** The names of the text fields. */
export const FIELD_NAMES: readonly string[] = Object.keys(formSchema(1).shape);

const EXPECTED: Readonly<Record<string, string>> = {
  model: 'must be the name of a model',
  n: `must be a whole number from 1 to ${N_MAX}`,
  reuse_session: 'must be true or false',
  response_format: 'must be url or b64_json',
};

/**
 * The fields that say where uploads go, as far as they have come. Undefined when what has come is refused anyway, so that
 * nothing need begin.
 */
export function fieldsSoFar(
  fields: ReadonlyMap<string, string>,
  maxPromptChars: number,
): Pick<Img2ImgFields, 'model' | 'reuse_session'> | undefined {
  return schemas(maxPromptChars).partial.safeParse(Object.fromEntries(fields)).data;
}

/** @throws GatewayError 400 that names the first field at fault. */
export function parseFields(fields: ReadonlyMap<string, string>, maxPromptChars: number): Img2ImgFields {
  const parsed = schemas(maxPromptChars).whole.safeParse(Object.fromEntries(fields));
  if (parsed.success) return parsed.data;
  const param = String(parsed.error.issues[0]?.path[0] ?? 'prompt');
  if (param !== 'prompt') throw badRequest(`${param} ${EXPECTED[param]}.`, { code: 'invalid_value', param });
  if (!fields.has('prompt')) {
    throw badRequest('The prompt is missing: send a field named prompt.', {
      code: 'missing_required_parameter',
      param,
    });
  }
  const tooLong = parsed.error.issues.some(({ code }) => code === 'too_big');
  throw badRequest(
    tooLong ? `The prompt is longer than ${maxPromptChars} characters.` : 'The prompt is blank.',
    {
      code: 'invalid_value',
      param,
    },
  );
}
