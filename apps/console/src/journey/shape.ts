/** From the state of an edit to what is drawn: three stretches between four stops, at any size. Pure. */
import type { ConnectionView } from '../api/wire.ts';
import { formatBytes, formatCount, formatDuration } from '../ui/figures.ts';
import {
  type CallProgress,
  type EditProgress,
  type ImageProgress,
  type Stop,
  sentShare,
} from './progress.ts';
import { capital, retryWords } from './words.ts';

type StretchState = 'waiting' | 'moving' | 'pausing' | 'done' | 'failed' | 'stopped';

export interface Loop {
  /** Position among all retries of the edit, from 1; drawn inside the loop. */
  readonly number: number;
  /** Where on the stretch it happened, 0 to 1. */
  readonly at: number;
  readonly words: string;
}

export interface Stretch {
  readonly stop: Stop;
  readonly state: StretchState;
  /** Filled share, 0 to 1; null when something moves that cannot be measured. */
  readonly fill: number | null;
  readonly loops: readonly Loop[];
  readonly connections: readonly ConnectionView[];
  /** A short figure for this stretch: a share while it moves, a size or a time when it is done. */
  readonly figure: string;
}

export interface JourneyShape {
  readonly stretches: readonly [Stretch, Stretch, Stretch];
  /** The whole journey in one sentence, for those who do not see the line. */
  readonly words: string;
}

/** A journey that has not begun. */
export const IDLE_JOURNEY: JourneyShape = {
  stretches: [idle('send'), idle('upload'), idle('edit')],
  words: 'Not sent yet.',
};

function idle(stop: Stop): Stretch {
  return { stop, state: 'waiting', fill: 0, loops: [], connections: [], figure: '' };
}

/** The journey of the whole edit: all uploads as one line. */
export function wholeJourney(progress: EditProgress): JourneyShape {
  const { images } = progress;
  const share = progress.bytesTotal > 0 ? progress.bytesSent / progress.bytesTotal : 0;
  const allReceived = images.every((image) => image.received);

  const states = images.map((image) => image.upload.status);
  const size = images.reduce((sum, image) => sum + image.bytes, 0);
  const send = sendStretch(progress, allReceived, Math.min(1, share), size);
  const filled = images.reduce((sum, image) => sum + uploadShare(image) * image.bytes, 0);
  const times = images.map((image) => image.upload.durationMs ?? 0);
  const upload: Stretch = {
    stop: 'upload',
    state: joinStates(states),
    fill: size > 0 ? filled / size : 0,
    loops: images.flatMap((image) => loopsOf(image.upload, images.length > 1 ? image.name : '')),
    connections: distinct(images.map((image) => image.upload.connection)),
    figure: images.some((image) => image.inside)
      ? insideFigure(joinStates(states))
      : callFigure(joinStates(states), size > 0 ? filled / size : 0, Math.max(0, ...times)),
  };
  const stretches = [send, upload, editStretch(progress)] as const;
  return { stretches, words: journeyWords(progress, stretches) };
}

/** The journey of one image: its own upload, then the edit it shares with the others. */
export function imageJourney(progress: EditProgress, index: number): JourneyShape {
  const image = progress.images[index];
  if (!image) return IDLE_JOURNEY;
  const share = image.received ? 1 : clientShare(progress, index);
  const send = sendStretch(progress, image.received, share, image.bytes);
  const { status, connection, durationMs } = image.upload;
  const fill = uploadShare(image);
  const upload: Stretch = {
    stop: 'upload',
    state: status,
    fill,
    loops: loopsOf(image.upload),
    connections: connection ? [connection] : [],
    figure: image.inside ? insideFigure(status) : callFigure(status, fill, durationMs ?? 0),
  };
  const stretches = [send, upload, editStretch(progress)] as const;
  return { stretches, words: `${image.name}: ${journeyWords(progress, stretches)}` };
}

/** The form carries the images in order, so the bytes sent say how far each has come. The fields' few bytes are ignored. */
function clientShare(progress: EditProgress, index: number): number {
  const before = progress.images.slice(0, index).reduce((sum, image) => sum + image.bytes, 0);
  const bytes = progress.images[index]?.bytes ?? 0;
  if (bytes === 0) return 0;
  return Math.min(1, Math.max(0, (progress.bytesSent - before) / bytes));
}

function sendStretch(progress: EditProgress, received: boolean, share: number, bytes: number): Stretch {
  const endedHere = progress.endedOn === 'send' && !received;
  const state = received
    ? 'done'
    : endedHere
      ? progress.outcome === 'failed'
        ? 'failed'
        : 'stopped'
      : progress.outcome === 'running'
        ? 'moving'
        : 'stopped';
  const figure = received ? formatBytes(bytes) : state === 'moving' ? percent(share) : '';
  return { stop: 'send', state, fill: received ? 1 : share, loops: [], connections: [], figure };
}

function editStretch(progress: EditProgress): Stretch {
  const { edit } = progress;
  // The upstream tells nothing while it works: the line moves without a measure.
  const fill = edit.status === 'done' ? 1 : edit.status === 'waiting' ? 0 : null;
  return {
    stop: 'edit',
    state: edit.status,
    fill,
    loops: loopsOf(edit).map((loop) => ({ ...loop, at: 0.15 })),
    connections: edit.connection ? [edit.connection] : [],
    figure: edit.status === 'done' && edit.durationMs !== null ? formatDuration(edit.durationMs) : '',
  };
}

const uploadShare = (image: ImageProgress): number =>
  image.upload.status === 'done' ? 1 : sentShare(image.upload, image.bytes);

/** Several uploads drawn as one line: trouble shows first, then movement. */
function joinStates(states: readonly StretchState[]): StretchState {
  if (states.every((state) => state === 'done')) return 'done';
  const first = (['failed', 'stopped', 'moving', 'pausing'] as const).find((state) => states.includes(state));
  if (first) return first;
  return states.includes('done') ? 'moving' : 'waiting';
}

function callFigure(state: StretchState, share: number, durationMs: number): string {
  if (state === 'done') return durationMs > 0 ? formatDuration(durationMs) : '';
  return state === 'moving' || state === 'pausing' ? percent(share) : '';
}

/** The edit's request carries it: there is no time of its own. */
const insideFigure = (state: StretchState): string => (state === 'waiting' ? '' : 'inside the edit');

const percent = (share: number): string => `${Math.round(share * 100)}\u00a0%`;

/** `about` names the file when several are drawn as one line. */
const loopsOf = (call: CallProgress, about = ''): Loop[] =>
  call.retries.map((mark) => ({
    number: mark.order,
    at: mark.at,
    words: about === '' ? retryWords(call, mark) : `${about}: ${retryWords(call, mark)}`,
  }));

function distinct(connections: readonly (ConnectionView | null)[]): ConnectionView[] {
  const seen = new Map<string, ConnectionView>();
  for (const connection of connections) if (connection) seen.set(connection.id, connection);
  return [...seen.values()];
}

/** Every retry in the order in which it happened. */
export function retriesOf(shape: JourneyShape): Loop[] {
  return shape.stretches.flatMap((stretch) => stretch.loops).sort((a, b) => a.number - b.number);
}

const RUNNING_WORDS: Readonly<Record<Stop, string>> = {
  send: 'on the way to Ferry',
  upload: 'on the way to the upstream',
  edit: 'being edited by the upstream',
};

const longestKeyWait = ({ images, edit }: EditProgress): number =>
  Math.max(edit.keyWaitMs ?? 0, ...images.map(({ upload }) => upload.keyWaitMs ?? 0));

const endWords = ({ endedOn }: EditProgress): string =>
  endedOn === 'edit' ? `while ${RUNNING_WORDS.edit}` : RUNNING_WORDS[endedOn ?? 'send'];

function journeyWords(progress: EditProgress, stretches: readonly Stretch[]): string {
  const retries = progress.retries > 0 ? `, ${formatCount(progress.retries, 'retry', 'retries')}` : '';
  const time = progress.durationMs === null ? '' : ` in ${formatDuration(progress.durationMs)}`;
  switch (progress.outcome) {
    case 'done':
      return `Edited${time}${retries}.`;
    case 'failed':
      return `Failed ${endWords(progress)}${retries}.`;
    case 'cancelled':
      return `Cancelled ${endWords(progress)}${retries}.`;
    case 'running': {
      const keyWaitMs = longestKeyWait(progress);
      if (keyWaitMs > 0) return `Waiting ${formatDuration(keyWaitMs)} for a key of the upstream${retries}.`;
      const now = stretches.findLast((stretch) => stretch.state !== 'waiting')?.stop ?? 'send';
      return `${capital(RUNNING_WORDS[now])}${retries}.`;
    }
  }
}
