/** The state of the edit page as one pure reducer. Plain data throughout: it is saved as JSON, pictures by their keys. */
import type { Reuse } from '../api/edit-request.ts';
import type { EditResult, Failure } from '../api/wire.ts';
import { advance, type EditProgress, newProgress, type ProgressSignal } from '../journey/progress.ts';
import type { Problems } from './checks.ts';
import { explainFailure, failedImage } from './explain.ts';

export interface InputImage {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  /** Key in the picture store. */
  readonly picture: string;
}

export interface OutputImage {
  /** Key in the picture store; null when only the link could be had. */
  readonly picture: string | null;
  /** The link that the gateway gave; null for a picture that came inside the answer. */
  readonly url: string | null;
  readonly mimeType: string;
  readonly revisedPrompt: string | null;
}

/** One press of Edit. */
export interface Run {
  readonly id: string;
  readonly prompt: string;
  readonly model: string;
  readonly inputs: readonly InputImage[];
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly requestId: string;
  readonly progress: EditProgress;
  readonly outputs: readonly OutputImage[];
  readonly failure: Failure | null;
}

/** What the large picture shows: an input, or a run with one of its outputs beside one of its inputs. */
interface Shown {
  readonly run: string | null;
  readonly output: number;
  readonly input: number;
}

export interface EditorState {
  readonly prompt: string;
  readonly model: string;
  readonly n: number;
  readonly reuse: Reuse;
  readonly inputs: readonly InputImage[];
  /** The inputs before the last replacing or removing, for "Undo". */
  readonly undo: readonly InputImage[] | null;
  readonly problems: Problems;
  readonly runs: readonly Run[];
  readonly shown: Shown;
  /** A short sentence about what was just done. */
  readonly notice: string;
}

/** Runs kept in a session; older ones leave with their pictures. */
export const MAX_RUNS = 24;

export const EMPTY_EDITOR: EditorState = {
  prompt: '',
  model: '',
  n: 1,
  reuse: 'default',
  inputs: [],
  undo: null,
  problems: {},
  runs: [],
  shown: { run: null, output: 0, input: 0 },
  notice: '',
};

export type EditorAction =
  | { readonly type: 'form'; readonly change: Partial<Pick<EditorState, 'prompt' | 'model' | 'n' | 'reuse'>> }
  | {
      readonly type: 'inputs-added';
      readonly inputs: readonly InputImage[];
      readonly problem: string | undefined;
    }
  | { readonly type: 'input-replaced'; readonly index: number; readonly input: InputImage }
  | { readonly type: 'input-removed'; readonly index: number }
  | { readonly type: 'inputs-replaced'; readonly inputs: readonly InputImage[] }
  | { readonly type: 'undone' }
  | { readonly type: 'problems'; readonly problems: Problems }
  | { readonly type: 'show'; readonly shown: Partial<Shown> }
  | { readonly type: 'notice'; readonly notice: string }
  | { readonly type: 'started'; readonly run: Omit<Run, 'progress' | 'outputs' | 'failure' | 'requestId'> }
  | { readonly type: 'heard'; readonly run: string; readonly signal: ProgressSignal }
  | {
      readonly type: 'arrived';
      readonly run: string;
      readonly result: EditResult;
      readonly outputs: readonly OutputImage[];
    }
  | { readonly type: 'loaded'; readonly failure: Failure };

export function editor(state: EditorState, action: EditorAction): EditorState {
  switch (action.type) {
    case 'form':
      return { ...state, ...action.change, problems: without(state.problems, Object.keys(action.change)) };
    case 'inputs-added':
      return {
        ...state,
        inputs: [...state.inputs, ...action.inputs],
        problems: withImages(state.problems, action.problem),
        undo: null,
        notice: '',
        shown: action.inputs.length > 0 ? { run: null, output: 0, input: state.inputs.length } : state.shown,
      };
    case 'input-replaced':
      return {
        ...state,
        inputs: state.inputs.map((input, i) => (i === action.index ? action.input : input)),
        undo: state.inputs,
        problems: without(state.problems, ['images']),
        notice: `Replaced by ${action.input.name}.`,
        shown: { run: null, output: 0, input: action.index },
      };
    case 'input-removed': {
      const removed = state.inputs[action.index];
      return {
        ...state,
        inputs: state.inputs.filter((_, i) => i !== action.index),
        undo: state.inputs,
        problems: without(state.problems, ['images']),
        notice: removed ? `${removed.name} removed.` : '',
        shown: state.shown.run === null ? { ...state.shown, input: 0 } : state.shown,
      };
    }
    case 'inputs-replaced':
      return {
        ...state,
        inputs: action.inputs,
        undo: state.inputs,
        problems: without(state.problems, ['images']),
        notice: 'The result is now the image to edit.',
        shown: { run: null, output: 0, input: 0 },
      };
    case 'undone':
      return state.undo === null ? state : { ...state, inputs: state.undo, undo: null, notice: '' };
    case 'problems':
      return { ...state, problems: action.problems };
    case 'show':
      return { ...state, shown: { ...state.shown, ...action.shown } };
    case 'notice':
      return { ...state, notice: action.notice, undo: null };
    case 'started': {
      const images = action.run.inputs.map(({ name, bytes }) => ({ name, bytes }));
      const run = { ...action.run, progress: newProgress(images), outputs: [], failure: null, requestId: '' };
      return {
        ...state,
        runs: [run, ...state.runs].slice(0, MAX_RUNS),
        problems: {},
        notice: '',
        undo: null,
        shown: { run: run.id, output: 0, input: 0 },
      };
    }
    case 'heard':
      return heard(state, action.run, action.signal);
    case 'arrived':
      return withRun(state, action.run, (run) =>
        // Cancelled while the pictures were being fetched: it stays cancelled.
        run.progress.outcome !== 'running'
          ? run
          : {
              ...run,
              model: action.result.model || run.model,
              outputs: action.outputs,
              progress: advance(run.progress, { event: 'result', result: action.result }),
            },
      );
    case 'loaded':
      // A run that was under way when the page went away cannot be heard any more.
      return {
        ...state,
        notice: '',
        undo: null,
        runs: state.runs.map((run) =>
          run.progress.outcome === 'running'
            ? {
                ...run,
                failure: action.failure,
                progress: advance(run.progress, { event: 'failed', failure: action.failure }),
              }
            : run,
        ),
      };
  }
}

function heard(state: EditorState, id: string, signal: ProgressSignal): EditorState {
  const next = withRun(state, id, (run) => {
    const progress = advance(run.progress, signal);
    if (signal.event === 'accepted') return { ...run, requestId: signal.requestId };
    return signal.event === 'failed' ? { ...run, progress, failure: signal.failure } : { ...run, progress };
  });
  if (signal.event !== 'failed') return next;
  // A refusal that names an input is said beside that input.
  const { field, title, detail, advice } = explainFailure(signal.failure);
  if (field === undefined) return next;
  const inputs = next.runs.find((run) => run.id === id)?.inputs ?? [];
  const input = failedImage(
    signal.failure,
    inputs.map(({ name }) => name),
  );
  const shown = input !== undefined && next.shown.run === id ? { ...next.shown, input } : next.shown;
  return {
    ...next,
    shown,
    problems: { ...next.problems, [field]: `${sentence(detail || title)} ${advice}` },
  };
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function withRun(state: EditorState, id: string, change: (run: Run) => Run): EditorState {
  return { ...state, runs: state.runs.map((run) => (run.id === id ? change(run) : run)) };
}

function without(problems: Problems, fields: readonly string[]): Problems {
  return Object.fromEntries(Object.entries(problems).filter(([field]) => !fields.includes(field)));
}

const withImages = (problems: Problems, problem: string | undefined): Problems =>
  problem === undefined ? without(problems, ['images']) : { ...problems, images: problem };

export const runningRun = (state: EditorState): Run | undefined =>
  state.runs.find((run) => run.progress.outcome === 'running');

export const shownRun = (state: EditorState): Run | undefined =>
  state.runs.find((run) => run.id === state.shown.run);

/** Every picture that the state still needs. */
export function picturesOf(state: EditorState): Set<string> {
  const keys = new Set<string>();
  for (const input of [...state.inputs, ...(state.undo ?? [])]) keys.add(input.picture);
  for (const run of state.runs) {
    for (const input of run.inputs) keys.add(input.picture);
    for (const output of run.outputs) if (output.picture !== null) keys.add(output.picture);
  }
  return keys;
}

/** Uploads of this session that reached the upstream, of those whose fate is known. */
export function arrivals(state: EditorState): { readonly arrived: number; readonly known: number } {
  const uploads = state.runs.flatMap((run) => run.progress.images.map((image) => image.upload.status));
  const arrived = uploads.filter((status) => status === 'done').length;
  return { arrived, known: arrived + uploads.filter((status) => status === 'failed').length };
}
