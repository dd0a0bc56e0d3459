/** A failure in words: what happened, and what the person can do about it. */
import type { Failure } from '../api/wire.ts';
import type { Field } from './checks.ts';

export interface Explanation {
  readonly title: string;
  /** What the gateway said, when it says more than the title. */
  readonly detail: string;
  readonly advice: string;
  /** The input that caused it, so that the words stand there; undefined when none did. */
  readonly field: Field | undefined;
  /** `risky`: sending it again may do, and cost, the same edit twice. */
  readonly again: 'yes' | 'risky' | 'no';
}

type Words = Omit<Explanation, 'detail' | 'field'>;

const BY_CODE: Readonly<Record<string, Words>> = {
  invalid_image: {
    title: 'An image could not be read',
    advice: 'Drop another file on its thumbnail, or remove it.',
    again: 'no',
  },
  content_blocked: {
    title: 'The upstream declined this edit',
    advice: 'Its moderation stopped the prompt or an image. Change one of them.',
    again: 'no',
  },
  upstream_auth: {
    title: "The upstream refused Ferry's key",
    advice: "Nothing is wrong with your images. Check the provider's key in Ferry's configuration.",
    again: 'yes',
  },
  upstream_status: {
    title: 'The upstream could not do it',
    advice: 'Nothing is wrong with your images. Try again in a moment.',
    again: 'yes',
  },
  upstream_rate_limited: {
    title: 'The upstream limits the rate',
    advice: 'Ferry waited as long as it may. Wait a little, then try again.',
    again: 'yes',
  },
  upstream_unavailable: {
    title: 'The upstream is busy',
    advice: 'Nothing is wrong with your images. Try again in a moment.',
    again: 'yes',
  },
  upstream_rejected: {
    title: 'The upstream refused this request',
    advice: 'Change the prompt or an image, then send it again.',
    again: 'no',
  },
  upstream_too_large: {
    title: 'An image is too large for the upstream',
    advice: 'Make it smaller, then drop it on its thumbnail to replace it.',
    again: 'no',
  },
  upstream_transport: {
    title: 'The way to the upstream kept breaking',
    advice: 'Nothing was edited, so trying again costs nothing twice.',
    again: 'yes',
  },
  upstream_unknown_outcome: {
    title: 'No answer came, but the edit may have been done',
    advice:
      'Ferry does not send an edit twice by itself, since the upstream may already have done and charged it. Send it again only if that is all right.',
    again: 'risky',
  },
  upstream_bad_answer: {
    title: 'The upstream answered something unreadable',
    advice: 'The edit may have been done and charged. Send it again only if that is all right.',
    again: 'risky',
  },
  deadline_exceeded: {
    title: 'It took too long',
    advice: "Ferry's deadline ended it. Fewer variants or smaller images take less time.",
    again: 'risky',
  },
  overloaded: {
    title: 'Too many uploads at once',
    advice: 'Ferry is busy. Try again in a moment.',
    again: 'yes',
  },
  connection_lost_sending: {
    title: 'The connection to Ferry broke while sending',
    advice: 'Nothing was edited. Check that Ferry is running and the network is there, then try again.',
    again: 'yes',
  },
  connection_lost_waiting: {
    title: 'The connection to Ferry broke before the result came',
    advice:
      'Ferry stops its work when the page goes away, but the edit may have been done. Send it again if that is all right.',
    again: 'risky',
  },
  reloaded: {
    title: 'The page was reloaded before the result came',
    advice:
      'Ferry stops its work when the page goes away, but the edit may have been done. Send it again if that is all right.',
    again: 'risky',
  },
  gateway_unreachable: {
    title: 'Ferry does not answer',
    advice: 'Check that it is running and that this address is right. The page tries again by itself.',
    again: 'yes',
  },
  bad_answer: {
    title: 'Ferry answered something unreadable',
    advice: 'Something between this page and Ferry may have changed the answer, such as a proxy.',
    again: 'risky',
  },
};

const BY_STATUS: Readonly<Record<number, Words>> = {
  401: { title: 'Sign in to continue', advice: 'This Ferry asks for its admin key.', again: 'yes' },
  403: {
    title: 'Ferry refused this page',
    advice: 'Open it under the address that Ferry printed when it started.',
    again: 'no',
  },
  413: {
    title: 'An image is too large',
    advice: 'Make it smaller, then drop it on its thumbnail to replace it.',
    again: 'no',
  },
  415: { title: 'This kind of file is not taken', advice: 'Use JPEG, PNG or WebP.', again: 'no' },
  429: {
    title: 'The rate limit is reached',
    advice: 'Wait a little, then try again.',
    again: 'yes',
  },
  503: { title: 'Ferry is busy or stopping', advice: 'Try again in a moment.', again: 'yes' },
};

const FIELDS: Readonly<Record<string, Field>> = {
  image: 'images',
  images: 'images',
  prompt: 'prompt',
  model: 'model',
  n: 'n',
};

export function explainFailure(failure: Failure): Explanation {
  const words = BY_CODE[failure.code] ?? BY_STATUS[failure.status] ?? otherwise(failure.status);
  const field = FIELDS[(failure.param ?? '').replace(/\[.*$/, '')];
  return { ...words, detail: failure.message, field };
}

function otherwise(status: number): Words {
  if (status >= 400 && status < 500) {
    return {
      title: 'Ferry did not accept this',
      advice: 'Change what it names, then send it again.',
      again: 'no',
    };
  }
  return {
    title: 'Something went wrong inside Ferry',
    advice: "Try again; Ferry's log has the details.",
    again: 'yes',
  };
}

/** Which image a failure is about: by its number in `param` (`image[1]`), else by its name in the message. */
export function failedImage(failure: Failure, names: readonly string[]): number | undefined {
  if (explainFailure(failure).field !== 'images') return undefined;
  const numbered = /\[(\d+)\]/.exec(failure.param ?? '')?.[1];
  if (numbered !== undefined && Number(numbered) < names.length) return Number(numbered);
  const named = names.findIndex((name) => name !== '' && failure.message.includes(name));
  if (named !== -1) return named;
  return names.length === 1 ? 0 : undefined;
}
