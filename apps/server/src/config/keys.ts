import { ProxyServer } from '@ferry/core';
import { z } from 'zod';

/** What people are told about a configuration key: in the options table, in error messages, by `ferry config`. */
export interface KeyFacts {
  /** One sentence. */
  readonly about: string;
  /** What a valid value is, as the end of "expected ...". */
  readonly expected: string;
  readonly unit?: string;
  /** The value is a reference to a secret: a wrong one is never echoed, since it may be the secret itself. */
  readonly secret?: true;
}

/** The facts of every leaf of the schema. */
export const keyFacts = z.registry<KeyFacts>();

export interface About {
  readonly about: string;
  readonly unit?: string;
  /** Goes after what is expected. */
  readonly remark?: string;
}

const describe = <S extends z.ZodType>(schema: S, expected: string, { remark = '', ...about }: About): S => {
  keyFacts.add(schema, { expected: `${expected}${remark}`, ...about });
  return schema;
};

export const integer = (min: number, max: number, byDefault: number, about: About) =>
  describe(z.int().min(min).max(max).default(byDefault), `a whole number from ${min} to ${max}`, about);

export const optionalInteger = (min: number, max: number, about: About) =>
  describe(z.int().min(min).max(max).optional(), `a whole number from ${min} to ${max}`, about);
export const secondsOrNever = (min: number, max: number, byDefault: number, about: About) =>
  describe(
    z
      .int()
      .min(0)
      .max(max)
      .refine((seconds) => seconds === 0 || seconds >= min)
      .default(byDefault),
    `a whole number from ${min} to ${max}, or 0 for never`,
    about,
  );

export const decimal = (min: number, max: number, byDefault: number, about: About) =>
  describe(z.number().min(min).max(max).default(byDefault), `a number from ${min} to ${max}`, about);

export const flag = (byDefault: boolean, about: About) =>
  describe(z.boolean().default(byDefault), 'true or false', about);

export const choice = <const T extends readonly [string, ...string[]]>(
  values: T,
  byDefault: NoInfer<T[number]>,
  about: About,
) => {
  // `default` wants the enum's own output type, which TypeScript does not derive for a generic tuple.
  const schema = z.enum(values).default(byDefault as never);
  return describe(schema, `one of ${values.map((value) => `"${value}"`).join(', ')}`, about);
};

/** A new schema each time: what is told of a key is kept by its schema. */
const line = () => z.string().regex(/^[^\0\r\n]+$/);

export const text = (byDefault: string, about: About) =>
  describe(line().default(byDefault), 'a text of one line, not empty', about);

export const requiredText = (about: About) => describe(line(), 'a text of one line, not empty', about);

export const optionalText = (about: About) =>
  describe(line().optional(), 'a text of one line, not empty', about);

const httpAddress = z
  .url({ protocol: /^https?$/ })
  .refine((value) => URL.canParse(value) && new URL(value).username === '' && new URL(value).search === '');

export const address = (about: About) =>
  describe(httpAddress, 'an address such as "https://api.x.ai", without user or query', about);

export const optionalAddress = (about: About) =>
  describe(
    httpAddress.optional(),
    'an address such as "https://ferry.example", without user or query',
    about,
  );

export const names = (about: About) =>
  describe(z.array(line()).min(1), 'a list of names, at least one', about);

export const statusCodes = (byDefault: readonly number[], about: About) =>
  describe(
    z.array(z.int().min(400).max(599)).default([...byDefault]),
    'a list of HTTP status codes from 400 to 599',
    about,
  );

const REFERENCE = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;

/** Whether it stands for a secret instead of being one. */
export const isReference = (value: string): boolean => REFERENCE.test(value);

const SECRET_EXPECTED =
  'a reference, "env:NAME" or "file:PATH" (a secret itself never stands in the configuration)';

const describeSecret = <S extends z.ZodType>(schema: S, expected: string, { about }: About): S => {
  keyFacts.add(schema, { expected, about, secret: true });
  return schema;
};

export const optionalSecret = (about: About) =>
  describeSecret(z.string().regex(REFERENCE).optional(), SECRET_EXPECTED, about);

/** An address that may be a secret itself: whoever knows it can post there. */
export const optionalSecretAddress = (about: About) =>
  describeSecret(
    z
      .string()
      .refine((value) => isReference(value) || isHttpAddress(value))
      .optional(),
    'an address without user or query, or a reference to one, "env:NAME" or "file:PATH"',
    about,
  );

/** Whether it can be sent requests to. */
export const isHttpAddress = (value: string): boolean => httpAddress.safeParse(value).success;

export const secret = (about: About) => describeSecret(z.string().regex(REFERENCE), SECRET_EXPECTED, about);

export const secrets = (about: About) =>
  describeSecret(z.array(z.string().regex(REFERENCE)).min(1), `a list, each item ${SECRET_EXPECTED}`, about);

export const addresses = (about: About) =>
  describe(
    z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]),
    'a list of IP addresses or networks such as "10.0.0.0/8"',
    about,
  );

export const proxy = (byDefault: 'environment', about: About) =>
  describeSecret(
    z.string().refine(isProxySetting).default(byDefault),
    '"environment", "none", an address such as "http://user:password@proxy.example:3128", or a reference to one, ' +
      '"env:NAME" or "file:PATH"',
    about,
  );

function isProxySetting(value: string): boolean {
  if (value === 'environment' || value === 'none' || isReference(value)) return true;
  // An address without its scheme would be taken for one whatever it says.
  if (!value.includes('://')) return false;
  try {
    ProxyServer.parse(value, '');
    return true;
  } catch {
    return false;
  }
}

export const table = (byDefault: Readonly<Record<string, string>>, about: About) =>
  describe(z.record(z.string(), line()).default({ ...byDefault }), 'a table of names', about);

/** A section: its keys have defaults, so the section may be absent. Unknown keys are errors. */
export const section = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape).prefault({} as never);
