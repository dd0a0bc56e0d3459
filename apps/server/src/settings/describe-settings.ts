/** What /docs says about the settings API: made from the schemas that it answers with. */
import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { errorSchema, jsonSchema, openApi } from '../docs/json-schema.ts';
import { revisionSchema, whySchema } from './change-request.ts';
import { RUNTIME_SECTIONS } from './runtime-config.ts';
import { DEFINITIONS } from './setting-definition.ts';
import { historyAnswerSchema, outcomeAnswerSchema, settingsAnswerSchema } from './settings-answer.ts';

const answer = (status: number, description: string, schema: z.ZodType): MethodDecorator =>
  ApiResponse({ status, description, schema: openApi(jsonSchema(schema, 'output')) });

const refusals = (texts: Readonly<Record<number, string>>): MethodDecorator[] =>
  Object.entries(texts).map(([status, description]) =>
    ApiResponse({ status: Number(status), description, schema: openApi(errorSchema) }),
  );

const WITHOUT_DATABASE = '`database_unavailable`: nothing can be changed now; settings stay as they are.';
const PRECONDITION =
  'As 409, for `if-match`: the settings were changed meanwhile. `conflict.meanwhile` says by whom and how.';

/** Changed keys as in the configuration; null returns a key to it. */
function changeBody(): ReturnType<typeof openApi> {
  const sections = RUNTIME_SECTIONS.map((section) => {
    const own = [...DEFINITIONS.values()].filter((definition) => definition.section === section);
    const properties = own.map(({ name, facts, valueSchema }) => {
      const unit = facts.unit === undefined ? '' : ` Unit: ${facts.unit}.`;
      return [name, { anyOf: [valueSchema, { type: 'null' }], description: `${facts.about}${unit}` }];
    });
    return [
      section,
      { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false },
    ];
  });
  return openApi({
    type: 'object',
    properties: {
      ...Object.fromEntries(sections),
      why: jsonSchema(whySchema, 'input'),
      revision: { ...jsonSchema(revisionSchema, 'input'), description: 'The revision it was decided on.' },
    },
    required: ['why'],
    additionalProperties: false,
  });
}

const rollbackBody = z.strictObject({
  revision: revisionSchema.optional().describe('Default: the one before the newest.'),
  why: whySchema.optional(),
});

const dryRun = ApiQuery({
  name: 'dry_run',
  required: false,
  enum: ['true', 'false'],
  description: 'Only says what would change, and which connections would be replaced.',
});

const ifMatch = ApiHeader({
  name: 'if-match',
  required: false,
  description: 'The `etag` that was seen: a change by somebody else in between is answered 412, not lost.',
});

export const DescribeSettings = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary:
        'Every runtime setting: its value, where that is from, what it means and may be, what a change costs',
    }),
    answer(200, 'The settings in effect. `etag` is the revision.', settingsAnswerSchema),
  );

export const DescribeChange = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Change settings',
      description:
        'In effect here when the answer is out, in other instances within a second. No running upload is dropped: replaced connections carry their requests to the end.',
    }),
    dryRun,
    ifMatch,
    ApiBody({ required: true, schema: changeBody() }),
    answer(200, 'Changed, or what would change.', outcomeAnswerSchema),
    ...refusals({
      400: 'A key, its value, or `why` is at fault; `param` names it.',
      409: '`settings_conflict`: the settings are not at the `revision` of the body any more. `conflict.meanwhile` says who changed what.',
      412: PRECONDITION,
      503: WITHOUT_DATABASE,
    }),
  );

export const DescribeRollback = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Bring the settings of an earlier revision back',
      description:
        'Without a body: those before the newest change. It is a revision itself, so it can be rolled back.',
    }),
    dryRun,
    ifMatch,
    ApiBody({ required: false, schema: openApi(jsonSchema(rollbackBody, 'input')) }),
    answer(200, 'Rolled back, or what would change.', outcomeAnswerSchema),
    ...refusals({
      400: '`nothing_to_roll_back`, or a field is at fault.',
      404: '`revision_not_found`.',
      412: PRECONDITION,
      503: WITHOUT_DATABASE,
    }),
  );

export const DescribeHistory = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: 'The revisions of the settings: who changed what, when and why' }),
    ApiQuery({
      name: 'before',
      required: false,
      schema: { type: 'integer' },
      description: 'Only older ones.',
    }),
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    }),
    answer(200, 'The newest first.', historyAnswerSchema),
    ...refusals({ 400: '`before` or `limit` is at fault.', 503: WITHOUT_DATABASE }),
  );
