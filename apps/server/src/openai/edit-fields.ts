/** The fields of an edit in OpenAI's words. The one source of their validation, their types and their documentation. */
import { z } from 'zod';
import { badRequest } from '../errors/gateway-error.ts';
import type { RequestedEdit } from '../img2img/edit-form.ts';
import { N_MAX } from '../img2img/form-schema.ts';

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,4}$/)
    .transform(Number)
    .refine((value) => value >= least && value <= most);

export const editFieldsSchema = (maxPromptChars: number) =>
  z.strictObject({
    prompt: z
      .string()
      .max(maxPromptChars)
      .refine((text) => text.trim() !== '')
      .describe('What to make of the images.'),
    model: z.string().min(1).max(200).optional().describe('A model or an alias. Default: the default model.'),
    n: wholeNumber(1, N_MAX).default(1).describe(`How many results, 1 to ${N_MAX}.`),
    response_format: z
      .enum(['url', 'b64_json'])
      .default('b64_json')
      .describe('Results in the answer, as OpenAI gives them, or as links to Ferry.'),
    stream: z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .default(false)
      .describe('Answers with server-sent events: `image_edit.completed` for each result.'),
    partial_images: wholeNumber(0, 3)
      .optional()
      .describe('Taken and never sent: upstreams show no image before it is done.'),
    size: z
      .string()
      .max(20)
      .optional()
      .describe(
        '`auto`, or a size whose ratio and longest side the upstream has. It decides the exact pixels.',
      ),
    quality: z.string().max(20).optional().describe('`auto`, `low`, `medium` or `high`.'),
    background: z
      .enum(['auto', 'opaque', 'transparent'])
      .optional()
      .describe('`transparent` is refused where the upstream cannot.'),
    input_fidelity: z
      .enum(['low', 'high'])
      .optional()
      .describe('`high` is refused where the upstream cannot.'),
    output_format: z
      .enum(['png', 'jpeg', 'webp'])
      .optional()
      .describe('Ferry converts what the upstream makes. Absent: as it comes.'),
    output_compression: wholeNumber(0, 100)
      .optional()
      .describe('Quality of a JPEG or WebP that Ferry makes, with `output_format`.'),
    user: z.string().max(512).optional().describe('Passed on to the upstream.'),
    safety_identifier: z.string().max(512).optional().describe('As `user`, which it replaces.'),
  });

/** The names of the text fields. */
export const EDIT_FIELDS: readonly string[] = Object.keys(editFieldsSchema(1).shape);

/** OpenAI's further parameters: their meaning would be lost, so they are refused by name. */
export const UNSUPPORTED: readonly string[] = [
  'mask',
  'markup',
  'complexity',
  'frame_count',
  'frame_duration_ms',
  'svg',
  'svg[model]',
  'svg[reasoning][effort]',
];

const EXPECTED: Readonly<Record<string, string>> = {
  model: 'must be the name of a model',
  n: `must be a whole number from 1 to ${N_MAX}`,
  response_format: 'must be url or b64_json',
  stream: 'must be true or false',
  partial_images: 'must be a whole number from 0 to 3',
  size: 'must be auto or WIDTHxHEIGHT',
  quality: 'must be auto, low, medium or high',
  background: 'must be auto, opaque or transparent',
  input_fidelity: 'must be low or high',
  output_format: 'must be png, jpeg or webp',
  output_compression: 'must be a whole number from 0 to 100',
  user: 'must be at most 512 characters',
  safety_identifier: 'must be at most 512 characters',
};

/** Which model is asked for, as far as the fields have come; undefined when what has come is refused anyway. */
export function modelSoFar(
  fields: ReadonlyMap<string, string>,
  maxPromptChars: number,
): { readonly model?: string | undefined } | undefined {
  const known = editFieldsSchema(maxPromptChars).partial().safeParse(given(fields)).data;
  return known === undefined ? undefined : { model: known.model };
}

/** @throws GatewayError 400 that names the first field at fault. */
export function parseEditFields(fields: ReadonlyMap<string, string>, maxPromptChars: number): RequestedEdit {
  const parsed = editFieldsSchema(maxPromptChars).safeParse(given(fields));
  if (!parsed.success) throw refusal(parsed.error, fields, maxPromptChars);
  const { prompt, model, n, response_format, stream, output_format, output_compression } = parsed.data;
  const { size, quality, background, input_fidelity, user, safety_identifier } = parsed.data;
  if (output_compression !== undefined && output_format !== 'jpeg' && output_format !== 'webp') {
    throw badRequest('output_compression needs output_format jpeg or webp.', {
      code: 'invalid_value',
      param: 'output_compression',
    });
  }
  const who = safety_identifier ?? user;
  return {
    prompt,
    model,
    n,
    response_format,
    stream,
    options: {
      ...(size !== undefined && { size }),
      ...(quality !== undefined && { quality }),
      ...(background !== undefined && { background }),
      ...(input_fidelity !== undefined && { input_fidelity }),
      ...(who !== undefined && { user: who }),
    },
    output: output_format && { format: output_format, quality: output_compression },
  };
}

/** A form says "nothing" as an empty field, or as `null` where a client spells it out. A prompt is never nothing. */
function given(fields: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    [...fields].filter(([name, value]) => name === 'prompt' || (value !== '' && value !== 'null')),
  );
}

function refusal(error: z.ZodError, fields: ReadonlyMap<string, string>, maxPromptChars: number): Error {
  const param = String(error.issues[0]?.path[0] ?? 'prompt');
  if (param !== 'prompt') return badRequest(`${param} ${EXPECTED[param]}.`, { code: 'invalid_value', param });
  if (!fields.has('prompt')) {
    return badRequest('The prompt is missing: send a field named prompt.', {
      code: 'missing_required_parameter',
      param,
    });
  }
  const tooLong = error.issues.some(({ code }) => code === 'too_big');
  return badRequest(
    tooLong ? `The prompt is longer than ${maxPromptChars} characters.` : 'The prompt is blank.',
    { code: 'invalid_value', param },
  );
}
