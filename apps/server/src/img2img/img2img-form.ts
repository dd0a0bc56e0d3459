import type { EditFormOf } from './edit-form.ts';
import { FIELD_NAMES, fieldsSoFar, parseFields } from './form-schema.ts';
import { type FormShape, readForm } from './read-form.ts';

const SHAPE: FormShape = { fields: FIELD_NAMES, images: ['image', 'image[]'] };

/** img2img's own words: multipart, fields and images in any order. */
export const img2imgForm: EditFormOf = ({ upload }) => ({
  imageField: 'image',
  read: async (request, limits, spools, listener) => ({
    ...(await readForm(request, SHAPE, limits, spools, listener)),
    files: [],
  }),
  soFar: (fields) => fieldsSoFar(fields, upload.max_prompt_chars),
  parse: (fields) => parseFields(fields, upload.max_prompt_chars),
});
