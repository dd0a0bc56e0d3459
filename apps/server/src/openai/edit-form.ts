import type { EditForm, EditFormOf } from '../img2img/edit-form.ts';
import { type FormShape, readForm } from '../img2img/read-form.ts';
import { EDIT_FIELDS, modelSoFar, parseEditFields, UNSUPPORTED } from './edit-fields.ts';
import { readJsonEdit } from './read-json-edit.ts';

const SHAPE: FormShape = {
  fields: EDIT_FIELDS,
  unsupported: UNSUPPORTED,
  images: ['image', 'image[]'],
};

/** OpenAI's multipart: `image`, or `image[]` repeated, before or after the fields. */
export const multipartEdit: EditFormOf = ({ upload }) => ({
  ...words(upload.max_prompt_chars),
  imageField: 'image',
  read: async (request, limits, spools, listener) => ({
    ...(await readForm(request, SHAPE, limits, spools, listener)),
    files: [],
  }),
});

/** OpenAI's JSON: `images: [{ file_id | image_url }]`. */
export const jsonEdit: EditFormOf = ({ upload }) => ({
  ...words(upload.max_prompt_chars),
  imageField: 'images',
  read: readJsonEdit,
});

const words = (maxPromptChars: number): Pick<EditForm, 'soFar' | 'parse'> => ({
  soFar: (fields) => modelSoFar(fields, maxPromptChars),
  parse: (fields) => parseEditFields(fields, maxPromptChars),
});
