/** Narrow reading of an answer's JSON: what is needed is checked and named, the rest is left alone. */
import { type Answer, RequestFailure } from '@ferry/core';

/** A part of an answer with its place, so that a complaint can name it: `data[0].url`. */
export class AnswerPart {
  readonly #answer: Answer;
  readonly #subject: Subject;
  readonly #path: string;
  readonly #value: unknown;

  constructor(answer: Answer, subject: Subject, path: string, value: unknown) {
    this.#answer = answer;
    this.#subject = subject;
    this.#path = path;
    this.#value = value;
  }

  /** Its value as it came; undefined when it is absent or null. */
  get value(): unknown {
    return this.#value ?? undefined;
  }

  /** The member `name`. @throws RequestFailure when this is not an object. */
  member(name: string): AnswerPart {
    const path = this.#path === '' ? name : `${this.#path}.${name}`;
    return new AnswerPart(this.#answer, this.#subject, path, this.object()[name]);
  }

  object(): Readonly<Record<string, unknown>> {
    if (!isObject(this.#value)) throw this.bad('an object');
    return this.#value;
  }

  /** The items of a list with at least one. */
  items(): readonly AnswerPart[] {
    if (!Array.isArray(this.#value) || this.#value.length === 0) throw this.bad('a list with an item');
    const values: readonly unknown[] = this.#value;
    return values.map(
      (value, index) => new AnswerPart(this.#answer, this.#subject, `${this.#path}[${index}]`, value),
    );
  }

  /** A string that is not blank. */
  text(): string {
    if (typeof this.#value !== 'string' || this.#value.trim() === '') throw this.bad('a text');
    return this.#value;
  }

  optionalText(): string | undefined {
    return typeof this.#value === 'string' && this.#value.trim() !== '' ? this.#value : undefined;
  }

  /** The failure that says what this part should have been; never what it was. */
  bad(expected: string): RequestFailure {
    const part = this.#path === '' ? 'the body' : this.#path;
    return new RequestFailure(
      `the upstream's answer to the ${this.#subject} is bad: ${part} is not ${expected}`,
      {
        code: 'upstream_bad_answer',
        status: 502,
        attempts: this.#answer.attempts,
        // An edit has been made and paid for although its answer cannot be read.
        outcomeUnknown: this.#subject === 'edit',
      },
    );
  }
}

/** What the answer is an answer to. */
type Subject = 'upload' | 'edit';

/** @throws RequestFailure with code `upstream_bad_answer` when the body is empty or not JSON. */
export function readAnswer(answer: Answer, subject: Subject): AnswerPart {
  return new AnswerPart(answer, subject, '', answer.json());
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
