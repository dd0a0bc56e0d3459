/** The form of an upload: OpenAI's fields, and `model`, which says whose upstream gets the file. */
import { z } from 'zod';
import { badRequest } from '../errors/gateway-error.ts';
import type { IntakeForm } from '../img2img/image-intake.ts';
import { readForm } from '../img2img/read-form.ts';

/** Purposes that an image can have. OpenAI's others are for files that hold no image. */
const PURPOSES = ['vision', 'user_data', 'assistants'] as const;

export const fileFormSchema = z.strictObject({
  purpose: z.enum(PURPOSES).describe('What the file is for. Ferry keeps images, for edits.'),
  'expires_after[anchor]': z.literal('created_at').optional(),
  'expires_after[seconds]': z
    .string()
    .regex(/^\d{4,7}$/)
    .transform(Number)
    .refine((seconds) => seconds >= 3_600 && seconds <= 2_592_000)
    .optional()
    .describe('When Ferry forgets the file, 3600 to 2592000 s. At the latest when the upstream deletes it.'),
  model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("A model or an alias, whose upstream gets the file. Default: the default model's."),
});

export interface FileFields {
  readonly purpose: (typeof PURPOSES)[number];
  readonly model: string | undefined;
  /** Seconds. */
  readonly expiresAfter: number | undefined;
}

export const fileForm: IntakeForm = {
  read: (request, limits, spools, listener) =>
    readForm(
      request,
      { fields: Object.keys(fileFormSchema.shape), images: ['file'] },
      { ...limits, maxImages: 1 },
      spools,
      listener,
    ),
  soFar: (fields) => {
    const known = fileFormSchema.partial().safeParse(Object.fromEntries(fields)).data;
    return known === undefined ? undefined : { model: known.model };
  },
};

const EXPECTED: Readonly<Record<string, string>> = {
  purpose: `purpose must be one of ${PURPOSES.join(', ')}: Ferry keeps images, for edits`,
  'expires_after[anchor]': 'expires_after[anchor] must be created_at',
  'expires_after[seconds]': 'expires_after[seconds] must be a whole number from 3600 to 2592000',
  model: 'model must be the name of a model',
};

/** @throws GatewayError 400 that names the first field at fault. */
export function parseFileFields(fields: ReadonlyMap<string, string>): FileFields {
  if (!fields.has('purpose')) {
    throw badRequest('The purpose is missing: send a field named purpose, such as vision.', {
      code: 'missing_required_parameter',
      param: 'purpose',
    });
  }
  const parsed = fileFormSchema.safeParse(Object.fromEntries(fields));
  if (parsed.success) {
    const { purpose, model, 'expires_after[seconds]': expiresAfter } = parsed.data;
    return { purpose, model, expiresAfter };
  }
  const param = String(parsed.error.issues[0]?.path[0] ?? 'purpose');
  throw badRequest(`${EXPECTED[param]}.`, { code: 'invalid_value', param });
}
